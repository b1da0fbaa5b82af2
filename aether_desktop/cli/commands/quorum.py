"""courts deal|ask|requests|release|restore|withdraw: a court's key back from several people after a loss."""

from __future__ import annotations

from aether_desktop.cli.commands.people import COURTS
from aether_desktop.cli.levels import with_levels
from aether_desktop.cli.runner import DONE, Context
from aether_desktop.domain.text import fold
from aether_desktop.domain.times import iso
from aether_desktop.ports.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from aether_desktop.services.quorum import QuorumService, RequestStanding


def deal(context: Context) -> int:
    """Shares of a court's key; holders of before have nothing then."""
    quorum, options, court = _quorum(context), context.options, COURTS[context.options.court]
    holders = [_find(context, name) for name in options.holders.split(",") if name.strip()]
    owner = _owner(context)
    with_levels(
        context,
        lambda: quorum.deal(
            owner, court, holders=holders, needed=options.needed, progress=context.progress, token=context.token
        ),
    )
    context.progress.clear()
    context.terminal.say(
        f"Any {options.needed} of the {len(holders)} holders can give the key of the {court.title} back to its owner."
    )
    return DONE


def ask(context: Context) -> int:
    """Ask the holders for a court's key."""
    quorum, court, owner = _quorum(context), COURTS[context.options.court], _owner(context)
    request = with_levels(context, lambda: quorum.ask(owner, court, purpose=context.options.purpose))
    context.terminal.say(
        "The holders see your request for seven days. Tell them by voice that it is yours; its number:"
    )
    context.terminal.line(str(request))
    return DONE


def requests(context: Context) -> int:
    """What this person asks and is asked, and which courts have shares."""
    overview = _quorum(context).overview()
    names = overview.names
    if context.options.json:
        context.terminal.json(
            {
                "courts": [
                    {
                        "owner": names.get(each.owner_id, str(each.owner_id)),
                        "court": int(each.court),
                        "needed": 0 if each.deal is None else each.deal.needed,
                        "holders": [] if each.deal is None else [names.get(one, str(one)) for one in each.deal.holders],
                        "stale": each.stale,
                    }
                    for each in overview.courts
                ],
                "requests": [_request(each, names) for each in overview.requests],
            }
        )
        return DONE
    for each in overview.courts:
        if each.deal is None:
            said = "nobody holds shares"
        else:
            holders = ", ".join(names.get(one, str(one)) for one in each.deal.holders)
            said = f"any {each.deal.needed} of {holders}. {each.stale}".strip()
        context.terminal.say(f"{names.get(each.owner_id, each.owner_id)}, {each.court.title}: {said}")
    rows = [
        (
            str(each.id),
            names.get(each.request.requester_id, "") if each.request else "",
            each.court.title,
            f"{len(each.released)} of {each.needed}",
            each.trouble or (each.request.purpose if each.request else ""),
        )
        for each in overview.requests
    ]
    context.terminal.table(("request", "asked by", "court", "released", "for"), rows)
    return DONE


def release(context: Context) -> int:
    """Agree to a request."""
    quorum, request = _quorum(context), _number(context)
    with_levels(context, lambda: quorum.release(request))
    context.terminal.say("Your share is released to whoever asked, for this request alone.")
    return DONE


def restore(context: Context) -> int:
    """With enough shares: the key is one's own again."""
    quorum, request = _quorum(context), _number(context)
    court = with_levels(context, lambda: quorum.restore(request))
    name = next(name for name, each in COURTS.items() if each is court and not name.isdigit())
    context.terminal.say(
        f"You have the key of the {court.title} again. Replace it now, and deal new shares: courts rotate {name}"
    )
    return DONE


def withdraw(context: Context) -> int:
    """Take one's own request back."""
    _quorum(context).withdraw(_number(context))
    context.terminal.say("The request can be answered no more.")
    return DONE


# -- inside ------------------------------------------------------------------------------------------------------


def _quorum(context: Context) -> QuorumService:
    quorum = context.services().quorum
    if quorum is None:
        raise PermissionDeniedError(
            "No keys of people are open in this vault.", hint="Set a password first: vault password"
        )
    return quorum


def _find(context: Context, name: str) -> int:
    """A person, or a group."""
    names = _quorum(context).overview().names
    found = [each for each, known in names.items() if fold(known) == fold(name.strip())]
    if not found:
        raise NotFoundError(
            f"There is nobody {name[:80]!r} with certified keys.", hint="See: aether-desktop people list"
        )
    return found[0]


def _owner(context: Context) -> int:
    named = context.options.owner
    return _find(context, named) if named else context.services().info.user_id


def _number(context: Context) -> int:
    text = context.options.request
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise InvalidInputError(f"{text[:40]!r} is no request.", field="request", hint="See: courts requests")
    return int(text)


def _request(each: RequestStanding, names: dict[int, str]) -> dict[str, object]:
    asked = each.request
    return {
        "id": str(each.id),
        "owner": names.get(each.owner_id, str(each.owner_id)),
        "court": int(each.court),
        "asked_by": "" if asked is None else names.get(asked.requester_id, str(asked.requester_id)),
        "for": "" if asked is None else asked.purpose,
        "until": "" if asked is None else iso(asked.expires_at),
        "needed": each.needed,
        "released": [names.get(one, str(one)) for one in each.released],
        "mine": each.mine,
        "asks_me": each.asks_me,
        "trouble": each.trouble,
    }
