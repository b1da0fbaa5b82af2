"""People of one shared database, each with a login of their own: a founder, and whoever comes by invitation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from aether_desktop.composition.shared_databases import with_login
from aether_desktop.domain.users import Role
from aether_desktop.security.invitations import read_invitation
from aether_desktop.security.scram import scram_verifier
from aether_desktop.services.people import Logins, PeopleService
from aether_desktop.storage.access.logins import SqlLoginAdministration
from aether_desktop.storage.opening import open_shared
from aether_desktop.storage.sql_storage import SqlStorage
from tests.security.parties import FixedLevels
from tests.services.identities import Seat, seat
from tests.support.postgres import PostgresCluster
from tests.support.storages import vault_place


@dataclass(frozen=True)
class Founded:
    """The database of somebody who has keys and can invite."""

    founder: Seat
    people: PeopleService
    """The founder's, who gives out logins."""
    url: str
    stack: ExitStack

    def come(
        self, name: str, role: Role = Role.MEMBER, *, again: int | None = None, levels: FixedLevels | None = None
    ) -> Seat:
        """Invited (``again``: the person with this id), answered, accepted; at their own login, without own courts."""
        if again is None:
            made = self.people.invite(name, role, url=self.url)
        else:
            made = self.people.invite_again(again, url=self.url)
        scheme, _, rest = read_invitation(made.file).url.partition("://")
        login, _, server = rest.rpartition("@")
        storage = SqlStorage(open_shared(f"{scheme}://{login}:{quote(made.login_password)}@{server}"))
        self.stack.enter_context(closing(storage))
        one = seat(storage, storage.info.user_id, rows=storage.sealed_rows, levels=levels)
        one.people.answer(made.file, made.secret)
        (waiting,) = (each for each in self.people.open_invitations() if each.user_id == one.id)
        self.people.accept(waiting.id)
        return one


@contextmanager
def founded(cluster: PostgresCluster, make_database: Callable[..., str], folder: Path) -> Iterator[Founded]:
    """A fresh one; everybody's storage is closed afterwards."""
    places = vault_place(
        "postgresql", folder=folder, templates=folder, cluster=lambda: cluster, make_database=make_database
    )
    with ExitStack() as stack:
        place = stack.enter_context(closing(next(places)))
        storage = place.open()
        founder = seat(storage, storage.info.user_id, rows=storage.sealed_rows)
        logins = Logins(SqlLoginAdministration(storage._database), scram_verifier, with_login)
        people = PeopleService(
            storage, storage.identity, identity=founder.identity, rotation=founder.rotation, logins=logins
        )
        people.found()
        yield Founded(founder, people, place.location, stack)
