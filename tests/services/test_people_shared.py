"""People of a shared database, each with a login of their own and bound by its rules, from invitation to revocation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from aether_desktop.composition.shared_databases import with_login
from aether_desktop.domain.courts import Court
from aether_desktop.domain.sealed_fields import SealedField
from aether_desktop.domain.users import Role
from aether_desktop.ports.errors import NotFoundError, PermissionDeniedError
from aether_desktop.ports.identity import StoredRotation
from aether_desktop.security.invitations import read_invitation
from aether_desktop.security.scram import scram_verifier
from aether_desktop.services.people import Logins, PeopleService
from aether_desktop.services.person_names import person_names
from aether_desktop.storage.access.logins import SqlLoginAdministration
from aether_desktop.storage.access.provisioning import migrate_shared
from aether_desktop.storage.opening import open_shared
from aether_desktop.storage.sql_storage import SqlStorage
from tests.services.identities import Seat, seat
from tests.storage.samples import NOW
from tests.support.postgres import PostgresCluster
from tests.support.storages import VaultPlace, vault_place

FIELD = SealedField.PAYMENT_METADATA


@pytest.fixture
def place(
    postgres_cluster: PostgresCluster, postgres_database: Callable[..., str], tmp_path: Path
) -> Iterator[VaultPlace]:
    yield from vault_place(
        "postgresql",
        folder=tmp_path,
        templates=tmp_path,
        cluster=lambda: postgres_cluster,
        make_database=postgres_database,
    )


@pytest.fixture
def connected() -> Iterator[ExitStack]:
    """Clients to close after the test."""
    with ExitStack() as stack:
        yield stack


def with_logins(one: Seat) -> PeopleService:
    storage = one.storage
    logins = Logins(SqlLoginAdministration(storage._database), scram_verifier, with_login)
    return PeopleService(storage, storage.identity, identity=one.identity, rotation=one.rotation, logins=logins)


def address_of(file: bytes, password: str) -> str:
    """Under the login that the invitation says."""
    scheme, _, rest = read_invitation(file).url.partition("://")
    login, _, server = rest.rpartition("@")
    return f"{scheme}://{login}:{quote(password)}@{server}"


def come(connected: ExitStack, file: bytes, password: str) -> Seat:
    """The invited person's program."""
    storage = SqlStorage(open_shared(address_of(file, password)))
    connected.enter_context(closing(storage))
    return seat(storage, storage.info.user_id, rows=storage.sealed_rows)


def test_two_people_with_logins_of_their_own(place: VaultPlace, connected: ExitStack) -> None:
    miriam = seat(place.open(), place.open().info.user_id)
    people = with_logins(miriam)
    people.found()
    made = people.invite("aaron", Role.MEMBER, url=place.location)
    assert made.login_password not in read_invitation(made.file).url

    aaron = come(connected, made.file, made.login_password)
    aaron.people.answer(made.file, made.secret)
    (waiting,) = people.open_invitations()
    assert waiting.reply is not None
    people.accept(waiting.id)
    assert aaron.people.make_own_courts() == list(Court)

    aaron.people.grant_court(Court.HOLY, miriam.id)
    spot = {"row_id": 7, "owner_id": aaron.id, "revision": 1}
    sealed = aaron.identity.sealer.seal(FIELD, b"from aaron", **spot)
    miriam.identity.settled()
    assert miriam.identity.sealer.open(FIELD, sealed, **spot) == b"from aaron"
    assert aaron.people.revoke_court(Court.HOLY, miriam.id).version == 2
    again = aaron.identity.sealer.seal(FIELD, b"mine again", **spot)
    miriam.identity.settled()
    with pytest.raises(PermissionDeniedError):
        miriam.identity.sealer.open(FIELD, again, **spot)
    aaron.rotation.resume(aaron.id, Court.HOLY)
    assert aaron.rotation.unfinished() == []

    with pytest.raises(PermissionDeniedError):
        aaron.people.set_role(aaron.id, Role.ZADOKITE)
    people.set_role(aaron.id, Role.LEVITE)
    aaron.identity.settled()
    assert aaron.identity.state().people[aaron.id].role is Role.LEVITE
    assert aaron.people.log_code() == people.log_code()
    people.disable(aaron.id)
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(address_of(made.file, made.login_password))


def test_somebody_invited_again_comes_with_another_login(place: VaultPlace, connected: ExitStack) -> None:
    """The first computer is lost, with keys and password."""
    miriam = seat(place.open(), place.open().info.user_id)
    people = with_logins(miriam)
    people.found()
    first = people.invite("aaron", Role.LEVITE, url=place.location)
    lost = come(connected, first.file, first.login_password)
    lost.people.answer(first.file, first.secret)
    people.accept(first.stored.id)

    again = people.invite_again(lost.id, url=place.location)
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(address_of(first.file, first.login_password))
    aaron = come(connected, again.file, again.login_password)
    assert aaron.id == lost.id
    aaron.people.answer(again.file, again.secret)
    people.accept(again.stored.id)
    assert aaron.people.make_own_courts() == list(Court)

    third = people.invite("hur", Role.MEMBER, url=place.location)
    people.withdraw(third.stored.id)
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(address_of(third.file, third.login_password))


def ends_of_logins(place: VaultPlace) -> dict[str, datetime | None]:
    """By login: when the server refuses it; None for never."""
    with psycopg.connect(place.administration) as session:
        found = session.execute(
            "SELECT rolname, CASE WHEN isfinite(rolvaliduntil) THEN rolvaliduntil END FROM pg_roles"
            " WHERE rolname LIKE 'aether_%_u_%'"
        ).fetchall()
    return dict(found)


def let_it_end(place: VaultPlace, login: str) -> None:
    """As if the seven days were over."""
    with psycopg.connect(place.administration) as session:
        session.execute(SQL("ALTER ROLE {} VALID UNTIL '2000-01-01'").format(Identifier(login)))


def test_the_login_of_an_invitation_ends_with_it_unless_its_keys_are_certified(
    place: VaultPlace, connected: ExitStack
) -> None:
    miriam = seat(place.open(), place.open().info.user_id)
    people = with_logins(miriam)
    people.found()
    made = people.invite("aaron", Role.MEMBER, url=place.location)
    address = address_of(made.file, made.login_password)
    login = str(urlsplit(address).username)
    assert ends_of_logins(place)[login] == made.stored.expires_at
    let_it_end(place, login)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address)

    for _ in range(2):  # an administrator renews: what earlier programs left open ends too
        migrate_shared(place.administration)
    assert ends_of_logins(place)[login] == made.stored.expires_at
    aaron = come(connected, made.file, made.login_password)
    aaron.people.answer(made.file, made.secret)
    people.accept(made.stored.id)
    assert ends_of_logins(place)[login] is None
    SqlLoginAdministration(miriam.storage._database).admit_login(aaron.id)
    migrate_shared(place.administration)
    assert ends_of_logins(place)[login] is None
    psycopg.connect(address).close()


def test_who_was_invited_and_never_came_is_shut_out_by_disabling(place: VaultPlace, connected: ExitStack) -> None:
    miriam = seat(place.open(), place.open().info.user_id)
    people = with_logins(miriam)
    people.found()
    made = people.invite("aaron", Role.MEMBER, url=place.location)
    address = address_of(made.file, made.login_password)
    with psycopg.connect(address, autocommit=True) as session:
        people.disable(made.stored.user_id)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(address)
    people.enable(made.stored.user_id)
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(address)  # the invitation is withdrawn all the same
    again = people.invite_again(made.stored.user_id, url=place.location)
    aaron = come(connected, again.file, again.login_password)
    aaron.people.answer(again.file, again.secret)
    people.accept(again.stored.id)
    assert [standing.warning for standing in people.people()] == ["", ""]


def test_a_member_grants_a_court_to_whom_the_log_certifies(place: VaultPlace, connected: ExitStack) -> None:
    """She sees no row of anybody else."""
    miriam = seat(place.open(), place.open().info.user_id)
    people = with_logins(miriam)
    people.found()
    made = people.invite("aaron", Role.MEMBER, url=place.location)
    aaron = come(connected, made.file, made.login_password)
    aaron.people.answer(made.file, made.secret)
    people.accept(made.stored.id)
    aaron.people.make_own_courts()
    assert [user.id for user in aaron.storage.users.all()] == [aaron.id]
    assert person_names(aaron.storage, aaron.people) == {aaron.id: "aaron", miriam.id: "miriam"}
    hers, mine = (next(each for each in aaron.people.known() if each.me is me) for me in (False, True))
    assert (hers.person.username, hers.person.role) == ("miriam", Role.ZADOKITE)
    assert hers.code == people.overview().my_code
    assert mine.person.user_id == aaron.id
    aaron.people.grant_court(Court.OUTER, hers.person.user_id)
    (granted,) = [each for each in aaron.people.known() if not each.me]
    assert [each.held for each in granted.grants] == [True, False, False]


def test_nobody_touches_what_is_not_theirs(place: VaultPlace, connected: ExitStack) -> None:
    """Past the services, straight through the stores: the database itself refuses."""
    miriam = seat(place.open(), place.open().info.user_id)
    people = with_logins(miriam)
    people.found()
    made = people.invite("aaron", Role.MEMBER, url=place.location)
    aaron = come(connected, made.file, made.login_password)
    stores, theirs = aaron.storage.identity, miriam.storage.identity
    mine = theirs.court_keys.of_recipient(miriam.id)
    row = theirs.person_keys.of(miriam.id)[0]
    for refused in (
        lambda: stores.court_keys.put([mine[0]._replace(wrapped=b"another")]),
        lambda: stores.person_keys.add(row._replace(generation=2)),
        lambda: stores.rotations.put(StoredRotation(miriam.id, Court.HOLY, 2, NOW)),
        lambda: stores.court_keys.count_seals(miriam.id, Court.HOLY, version=1, recipient_id=miriam.id, more=2**40),
    ):
        with pytest.raises(PermissionDeniedError):
            refused()
    with pytest.raises(NotFoundError):
        stores.person_keys.reseal(row._replace(sealed=b"damaged"))
    assert theirs.court_keys.of_recipient(miriam.id) == mine
    assert theirs.person_keys.of(miriam.id) == [row]
    assert miriam.identity.settled().index == 3
