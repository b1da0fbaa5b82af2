"""audit list|verify|checkpoint|checkpoints|proof|consistency|code|compare|accept."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from aether_desktop.cli.levels import with_levels
from aether_desktop.cli.naming import user_named
from aether_desktop.cli.runner import DONE, REFUSED, Context
from aether_desktop.domain.times import iso
from aether_desktop.ports.audit import AuditEntry, AuditError, AuditFilter
from aether_desktop.ports.errors import InvalidInputError, NotFoundError
from aether_desktop.services.audit import Agreement
from aether_desktop.services.person_names import person_names

_PAGE = 500


def list_entries(context: Context) -> int:
    options = context.options
    audit = context.services().audit
    wanted = AuditFilter(
        user_id=user_named(context, options.person).id if options.person else None,
        action=options.event,
        table=options.table,
        row_id=options.row,
        since=_day(options.since, "since"),
        until=_day(options.until, "until", after=1),
    )
    entries: list[AuditEntry] = []
    while len(entries) < options.limit:
        last = entries[-1] if entries else None
        limit = min(_PAGE, options.limit - len(entries))
        page = audit.page(wanted, limit=limit, before=last, token=context.token)
        entries += page
        if len(page) < limit:
            break
    people = person_names(context.services().storage, context.services().people)
    if options.json:
        context.terminal.json([_json(entry, people) for entry in entries])
    else:
        heading = ("time", "who", "action", "table", "rows", "place", "id")
        context.terminal.table(heading, [_row(entry, people) for entry in entries])
    return DONE


def verify(context: Context) -> int:
    """Exit code 1 when something is wrong."""
    verdict = context.services().audit.verify(token=context.token, progress=context.progress)
    context.progress.clear()
    if context.options.json:
        context.terminal.json(
            {
                "whole": verdict.bad is None,
                "entries": verdict.size,
                "signed": verdict.signed,
                "attested": verdict.attested,
                "hidden": verdict.hidden,
                "checkpoints": verdict.checkpoints,
                "certified": verdict.certified,
                "remembered": verdict.pinned,
                "code": verdict.code,
                "root": verdict.root.hex(),
                "bad": None
                if verdict.bad is None
                else {
                    "fault": verdict.bad.fault.value,
                    "place": verdict.bad.index,
                    "last": max(verdict.bad.last, verdict.bad.index),
                    "entry": str(verdict.bad.entry_id) if verdict.bad.entry_id else None,
                    "reason": verdict.bad.reason,
                },
            }
        )
    if verdict.bad is not None:
        context.terminal.say(f"The audit log is not whole. {verdict.bad.reason}")
        return REFUSED
    context.terminal.say(
        f"The audit log is whole: {verdict.size} entries, {verdict.signed} signed,"
        f" {verdict.attested} vouched for by the database only, {verdict.hidden} that you may not read,"
        f" {verdict.checkpoints} checkpoints."
    )
    context.terminal.say(f"Its code is {verdict.code}")
    return DONE


def checkpoint(context: Context) -> int:
    audit, path = context.services().audit, Path(context.options.file)
    body = with_levels(context, partial(audit.export_checkpoint, path, token=context.token, progress=context.progress))
    context.progress.clear()
    context.terminal.say(f"Signed over {body.size} entries. Its code is {body.code}")
    context.terminal.line(str(path))
    return DONE


def checkpoints(context: Context) -> int:
    services = context.services()
    points, people = services.audit.checkpoints(), person_names(services.storage, services.people)
    rows = [
        (str(point.id), str(point.size), iso(point.at), people.get(point.user_id, ""), str(point.user_id))
        for point in points
    ]
    if context.options.json:
        names = ("id", "entries", "at", "name", "person")
        context.terminal.json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        shown = [(*row[:3], row[3] or row[4]) for row in rows]
        context.terminal.table(("id", "entries", "time", "signed by"), shown)
    return DONE


def proof(context: Context) -> int:
    audit, path = context.services().audit, Path(context.options.file)
    index = with_levels(
        context,
        partial(
            audit.export_inclusion_proof, context.options.entry, path, token=context.token, progress=context.progress
        ),
    )
    context.progress.clear()
    context.terminal.say(f"Entry {index} of the log is proved. Verify it with resources/verify_proof.py FILE.")
    context.terminal.line(str(path))
    return DONE


def consistency(context: Context) -> int:
    options = context.options
    context.services().audit.export_consistency_proof(
        options.first, options.second, Path(options.file), token=context.token, progress=context.progress
    )
    context.progress.clear()
    context.terminal.line(options.file)
    return DONE


def code(context: Context) -> int:
    context.terminal.line(context.services().audit.code(token=context.token, progress=context.progress))
    return DONE


def compare(context: Context) -> int:
    """Exit code 1 unless both logs are the same."""
    audit, other = context.services().audit, context.options.other
    file = Path(other)
    if not file.is_file() and (len(file.parts) > 1 or file.suffix):
        raise NotFoundError(f"There is no file {other[:200]!r}.", hint="Give the code they read to you, or their file.")
    if file.is_file():
        found = audit.compare_file(file, token=context.token, progress=context.progress)
    else:
        found = audit.compare_code(other, token=context.token, progress=context.progress)
    context.progress.clear()
    context.terminal.say(found.text)
    return DONE if found.agreement is Agreement.SAME else REFUSED


def accept(context: Context) -> int:
    """After a restored back-up."""
    audit = context.services().audit
    if not context.options.yes:
        try:
            audit.sign_on(token=context.token, progress=context.progress)
        except AuditError as error:
            raise InvalidInputError(
                error.message,
                hint="If you know why, for example because you restored a back-up, add --yes; it is put on record.",
            ) from error
        context.progress.clear()
        context.terminal.say("The audit log goes on from what this computer remembers; there is nothing to accept.")
        return DONE
    size = audit.accept()
    context.terminal.say(f"This computer takes the audit log as it is, with {size} entries, from now on.")
    return DONE


def _day(text: str, field: str, *, after: int = 0) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(f"{text}T00:00:00+00:00") + timedelta(days=after)
    except (ValueError, OverflowError):
        raise InvalidInputError(f"{text[:40]!r} is no day.", field=field, hint="Write it as 2026-11-23.") from None


def _who(entry: AuditEntry, people: dict[int, str]) -> str:
    return people.get(entry.user_id) or entry.login or str(entry.user_id)


def _row(entry: AuditEntry, people: dict[int, str]) -> tuple[str, ...]:
    place = "" if entry.leaf_index is None else str(entry.leaf_index)
    return iso(entry.at), _who(entry, people), entry.action, entry.table, str(entry.rows), place, str(entry.id)


def _json(entry: AuditEntry, people: dict[int, str]) -> dict[str, object]:
    return {
        "id": str(entry.id),
        "place": entry.leaf_index,
        "at": iso(entry.at),
        "person": people.get(entry.user_id, ""),
        "login": entry.login,
        "action": entry.action,
        "table": entry.table,
        "row": None if entry.row_id is None else str(entry.row_id),
        "rows": entry.rows,
        "attested": entry.attested.value,
        "detail": entry.detail,
    }
