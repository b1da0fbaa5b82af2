"""people list|begin|invite|accept|certify|role|disable|enable|grant|revoke, courts status|rotate."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aether_desktop.cli.levels import with_levels
from aether_desktop.cli.naming import user_named
from aether_desktop.cli.runner import DONE, Context
from aether_desktop.domain.courts import Court
from aether_desktop.domain.permissions import title
from aether_desktop.domain.text import fold
from aether_desktop.domain.times import iso
from aether_desktop.domain.users import Role, User
from aether_desktop.ports.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.ports.identity import StoredInvitation
from aether_desktop.ports.vault_keys import VaultLockedError
from aether_desktop.security.private_files import read_first_line
from aether_desktop.services.exchange_files import new_exchange_file, read_exchange_file, write_exchange_file
from aether_desktop.services.people import PeopleService
from aether_desktop.services.rotation import RotationService, values_words
from aether_desktop.services.standings import CertifiedPerson, Overview, Standing

COURTS: Final = {
    "1": Court.OUTER,
    "outer": Court.OUTER,
    "2": Court.HOLY,
    "holy": Court.HOLY,
    "3": Court.MOST_HOLY,
    "most-holy": Court.MOST_HOLY,
}
_EXPOSED: Final = "Wallet secrets they could open count as exposed: move the funds to new wallets."


def list_people(context: Context) -> int:
    people = context.services().people
    if people is None:  # names only: the sample, a vault without a password
        standings = [
            Standing(user, None, "", "Not certified: no keys of people are open here.")
            for user in context.services().storage.users.all()
        ]
    else:
        standings = people.people()
    seen = {each.user.id for each in standings}
    others = [each for each in people.known() if each.person.user_id not in seen] if people is not None else []
    if context.options.json:
        context.terminal.json([*map(_person, standings), *map(_known, others)])
        return DONE
    rows = [(each.user.username, title(each.user.role), _state(each), each.code) for each in standings]
    rows += [(each.person.username, title(each.person.role), _known_state(each), each.code) for each in others]
    context.terminal.table(("user name", "role", "state", "code of the keys"), rows)
    if others:
        context.terminal.say("Your role reads no rows of the others; the signed membership log tells of them.")
    for each in standings:
        if each.warning and each.certified is not None:
            context.terminal.say(f"{each.user.username}: {each.warning}")
    if context.services().info.engine == "sqlite":
        context.terminal.say("In a vault file roles order the interface only: its key protects it.")
    return DONE


def begin(context: Context) -> int:
    """The founder's keys."""
    people, _ = _services(context)
    with_levels(context, people.found)
    context.terminal.say("Your keys are made; you are the founder.")
    context.terminal.line(people.overview().my_code)
    return DONE


def trust(context: Context) -> int:
    """On a new computer: a colleague's code stands for what this one cannot remember."""
    people, _ = _services(context)
    people.accept_code(context.options.code)
    context.terminal.say("The list of people here is the one of your colleague; it is remembered from now on.")
    return DONE


def invite(context: Context) -> int:
    options = context.options
    people, _ = _services(context)
    if context.services().info.engine == "sqlite":
        raise PermissionDeniedError(
            "A vault in a file is opened by one person: nobody can be invited into it.",
            hint="Set up a shared database: aether-desktop postgres provision URL",
        )
    file = Path(options.file)
    role = _role(options.role)
    url = options.address or context.services().info.location
    with new_exchange_file(file) as write:  # first: once the person is invited, the file must not fail
        if options.again:
            user = user_named(context, options.name)
            made = with_levels(context, lambda: people.invite_again(user.id, url=url))
            context.terminal.say(f"{user.username} gets another login; the one they had is shut.")
        else:
            made = with_levels(
                context, lambda: people.invite(options.name, role, url=url, display_name=options.display_name)
            )
        write(made.file)
    context.terminal.say(f"The invitation is in {file}. Give the file, and tell the secret on another way.")
    context.terminal.say("The secret is shown this once and kept nowhere:")
    context.terminal.line(made.secret)
    return DONE


def accept(context: Context) -> int:
    """As the invited person: the login's own password, keys of one's own, and the reply."""
    options = context.options
    file = read_exchange_file(Path(options.file))
    secret = _secret(context)
    context.opened = context.app.join(
        file,
        secret,
        key_file=Path(options.key_file) if options.key_file else None,
        ask=lambda: context.asker.new_password("your keys on this computer"),
    )
    people, _ = _services(context)
    reply = with_levels(context, lambda: people.answer(file, secret))
    if options.reply:
        write_exchange_file(Path(options.reply), reply)
        context.terminal.say(f"The reply is in {options.reply}.")
    context.terminal.say("Your reply is in the database. Wait until whoever invited you has certified it.")
    context.terminal.say("From now on you open the database as:")
    context.terminal.line(context.services().info.location)
    return DONE


def own_courts(context: Context) -> int:
    """Once certified: the first keys of one's own courts."""
    people, _ = _services(context)
    made = with_levels(context, people.make_own_courts)
    names = ", ".join(court.title for court in made)
    context.terminal.say(f"Keys are made for: {names}." if made else "Your courts have their keys already.")
    return DONE


def certify(context: Context) -> int:
    options = context.options
    people, _ = _services(context)
    user = user_named(context, options.name)
    invitation = _invitation(people.open_invitations(), user)
    reply = read_exchange_file(Path(options.reply)) if options.reply else None
    with_levels(context, lambda: people.accept(invitation.id, reply))
    code = next(each.code for each in people.people() if each.user.id == user.id)
    context.terminal.say(f"{user.username} is certified. Compare the code of their keys by voice:")
    context.terminal.line(code)
    return DONE


def set_role(context: Context) -> int:
    people, _ = _services(context)
    user, role = user_named(context, context.options.name), _role(context.options.role)
    with_levels(context, lambda: people.set_role(user.id, role))
    context.terminal.say(f"{user.username} is {title(role)} now. Roles give verbs, never keys.")
    return DONE


def disable(context: Context) -> int:
    people, _ = _services(context)
    user = user_named(context, context.options.name)
    known = people.about(user.id).standing.certified is not None
    with_levels(context, lambda: people.disable(user.id))
    after = "Keys they hold are to be replaced: see courts status" if known else "Their invitation is withdrawn."
    context.terminal.say(f"{user.username} is disabled. {after}")
    return DONE


def enable(context: Context) -> int:
    people, _ = _services(context)
    user = user_named(context, context.options.name)
    known = people.about(user.id).standing.certified is not None
    with_levels(context, lambda: people.enable(user.id))
    after = "courts replaced meanwhile must be granted anew." if known else "invite them again: people invite --again"
    context.terminal.say(f"{user.username} is enabled again; {after}")
    return DONE


def grant(context: Context) -> int:
    people, _ = _services(context)
    person, court = people.certified(context.options.name), COURTS[context.options.court]
    with_levels(context, lambda: people.grant_court(court, person.user_id))
    context.terminal.say(f"{person.username} may open your {court.title} now.")
    return DONE


def revoke(context: Context) -> int:
    people, rotation = _services(context)
    person, court = people.certified(context.options.name), COURTS[context.options.court]
    with_levels(context, lambda: people.revoke_court(court, person.user_id))
    context.terminal.say(
        f"{person.username} gets no further key of your {court.title}. It cannot unread: what they have opened so far "
        "they may have kept."
    )
    if court is Court.MOST_HOLY:
        context.terminal.say(_EXPOSED)
    _resume(context, rotation, context.services().info.user_id, court)
    return DONE


def rotate(context: Context) -> int:
    _, rotation = _services(context)
    court, me = COURTS[context.options.court], context.services().info.user_id
    owner = _owner(context) if context.options.owner else me
    done = with_levels(context, lambda: rotation.rotate(owner, court, progress=context.progress, token=context.token))
    context.progress.clear()
    context.terminal.say(
        f"The key is replaced (number {done.version}); {values_words(done.rows_done)} sealed under it."
    )
    return DONE


def status(context: Context) -> int:
    """Versions, holders, and what is outstanding."""
    people, _ = _services(context)
    overview = people.overview()
    if context.options.json:
        context.terminal.json(_status(overview))
        return DONE
    context.terminal.line(f"Code of your keys, which others compare by voice: {overview.my_code or 'none yet'}")
    context.terminal.line(f"Code of the list of people, equal for all who see it: {overview.log_code or 'none yet'}")
    rows = [
        (
            _owner_name(overview, each.owner_id),
            each.court.title,
            str(each.version or "none"),
            ", ".join(holder.username for holder in each.holders),
        )
        for each in overview.courts
    ]
    context.terminal.table(("owner", "court", "key number", "opened by"), rows)
    for each in overview.waiting:
        context.terminal.line(f"Outstanding: {each.name}, {each.court.title}: {each.reason}")
    return DONE


# -- inside ------------------------------------------------------------------------------------------------------


def _services(context: Context) -> tuple[PeopleService, RotationService]:
    services = context.services()
    if services.people is None or services.rotation is None:
        raise PermissionDeniedError(
            "No keys of people are open in this vault.", hint="Set a password first: vault password"
        )
    return services.people, services.rotation


def _secret(context: Context) -> str:
    named = context.options.secret_file
    if named:
        line = read_first_line(Path(named))
        try:
            return line.decode("ascii", "replace")
        finally:
            line[:] = bytes(len(line))
    if not context.asker.can_type:
        raise VaultLockedError("The one-time secret is typed at a terminal.", hint="Or name a file: --secret-file PATH")
    return context.asker.line("One-time secret: ")


def _resume(context: Context, rotation: RotationService, owner: int, court: Court) -> None:
    done = with_levels(context, lambda: rotation.resume(owner, court, progress=context.progress, token=context.token))
    context.progress.clear()
    context.terminal.say(f"{values_words(done.rows_done)} sealed under key number {done.version}.")


def _owner(context: Context) -> int:
    """A person, or a group that one administers."""
    people, _ = _services(context)
    wanted = fold(context.options.owner)
    found = [each for each, name in people.overview().names.items() if fold(name) == wanted]
    if not found:
        raise NotFoundError(
            f"There is nobody {context.options.owner[:80]!r}.", hint="See: aether-desktop courts status"
        )
    return found[0]


def _role(text: str) -> Role:
    try:
        return Role(text.strip().casefold())
    except ValueError:
        raise InvalidInputError(
            f"{text[:40]!r} is not a role.", field="role", hint=f"Roles: {', '.join(role.value for role in Role)}."
        ) from None


def _invitation(invitations: list[StoredInvitation], user: User) -> StoredInvitation:
    found = [each for each in invitations if each.user_id == user.id]
    if not found:
        raise NotFoundError(f"No invitation of {user.username} is open.", hint="See: aether-desktop people list")
    return found[-1]


def _owner_name(overview: Overview, owner_id: int) -> str:
    return overview.names.get(owner_id, str(owner_id))


def _status(overview: Overview) -> dict[str, object]:
    waiting = [
        {"owner": each.name, "court": int(each.court), "reason": each.reason, "mine": each.mine}
        for each in overview.waiting
    ]
    courts = [
        {
            "owner": _owner_name(overview, each.owner_id),
            "court": int(each.court),
            "title": each.court.title,
            "version": each.version,
            "opened_by": [holder.username for holder in each.holders],
            "replace": each.stale,
        }
        for each in overview.courts
    ]
    return {"my_code": overview.my_code, "log_code": overview.log_code, "courts": courts, "outstanding": waiting}


def _state(standing: Standing) -> str:
    if standing.certified is None:
        return "not certified" if standing.active else "disabled"
    if standing.warning:
        return "rows and list disagree"
    return "certified" if standing.certified.active else "disabled"


def _known_state(known: CertifiedPerson) -> str:
    return "certified" if known.person.active else "disabled"


def _known(known: CertifiedPerson) -> dict[str, object]:
    """Somebody of whom only the log tells; their row, with name and date, is not for this person."""
    person = known.person
    return {
        "id": str(person.user_id),
        "username": person.username,
        "display_name": "",
        "role": person.role.value,
        "active": person.active,
        "certified": True,
        "code": known.code,
        "warning": "",
        "since": None,
    }


def _person(standing: Standing) -> dict[str, object]:
    user = standing.user
    return {
        "id": str(user.id),
        "username": user.username,
        "display_name": user.display_name,
        "role": user.role.value,
        "active": user.active,
        "certified": standing.certified is not None,
        "code": standing.code,
        "warning": standing.warning,
        "since": iso(user.created_at),
    }
