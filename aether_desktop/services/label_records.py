"""One BIP-329 record as a line of JSON. Pure; any thread."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

_MAX_REF = 1000
_MAX_TYPE = 60
_KNOWN = frozenset({"type", "ref", "label"})
_OWN = "aether"
_PARTIAL = "partial"


class UnreadableLabelError(ValueError):
    """A line that is no label record; ``reason`` is a plain sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """``label``, ``note`` and ``tags`` None: not said. ``extra`` holds the keys we do not know, ``whole`` the record as
    it came. ``partial``: only some rows of the ref carry these words; their own records follow."""

    type: str
    ref: str
    label: str | None = None
    note: str | None = None
    tags: tuple[str, ...] | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    whole: Mapping[str, object] = field(default_factory=dict)
    partial: bool = False


def parse_label(line: str) -> LabelRecord:
    """Raises UnreadableLabelError."""
    try:
        record = json.loads(line, parse_constant=_refuse_constant)
    except RecursionError:
        raise UnreadableLabelError("The JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise UnreadableLabelError(f"This is not JSON: {error.msg}, at character {error.pos + 1}.") from None
    except ValueError as error:
        raise UnreadableLabelError(f"This is not JSON: {error}.") from None
    if not isinstance(record, dict):
        raise UnreadableLabelError("The line is not a JSON object.")
    kind = _text(record, "type", limit=_MAX_TYPE)
    ref = _text(record, "ref", limit=_MAX_REF)
    label = record.get("label")
    if label is not None and not isinstance(label, str):
        raise UnreadableLabelError("The label is not a text.")
    _require_encodable(record)
    own = record.get(_OWN)
    extra = {key: value for key, value in record.items() if key not in _KNOWN and key != _OWN}
    note, tags, partial = None, None, False
    if isinstance(own, dict):
        note, tags = _note(own), _tags(own)
        partial = own.get(_PARTIAL) is True
        unknown = {key: value for key, value in own.items() if key not in ("note", "tags", _PARTIAL)}
        if unknown:
            extra[_OWN] = unknown
    elif own is not None:
        extra[_OWN] = own
    return LabelRecord(kind, ref, label, note, tags, extra, record, partial)


def write_label(record: LabelRecord) -> str:
    """The record as one line: what BIP-329 knows first, then kept keys, then our own."""
    line: dict[str, object] = {"type": record.type, "ref": record.ref}
    if record.label:
        line["label"] = record.label
    kept = dict(record.extra)
    own: dict[str, object] = {}
    kept_own = kept.pop(_OWN, None)
    if isinstance(kept_own, Mapping):
        own.update(kept_own)
    elif kept_own is not None:
        kept[_OWN] = kept_own
    line.update(kept)
    if record.note:
        own["note"] = record.note
    if record.tags:
        own["tags"] = list(record.tags)
    if record.partial:
        own[_PARTIAL] = True
    if own:
        line[_OWN] = own
    return json.dumps(line, ensure_ascii=False)


def _text(record: Mapping[str, object], key: str, *, limit: int) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value.strip():
        raise UnreadableLabelError(f"The record has no {key}.")
    if len(value) > limit:
        raise UnreadableLabelError(f"The {key} has {len(value)} characters; at most {limit} are possible.")
    if "\x00" in value:
        raise UnreadableLabelError(f"The {key} contains a NUL character.")
    return value


def _note(own: Mapping[str, object]) -> str | None:
    note = own.get("note")
    if note is not None and not isinstance(note, str):
        raise UnreadableLabelError("The note is not a text.")
    return note


def _tags(own: Mapping[str, object]) -> tuple[str, ...] | None:
    tags = own.get("tags")
    if tags is None:
        return None
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise UnreadableLabelError("The tags are not a list of texts.")
    return tuple(tags)


def _require_encodable(record: Mapping[str, object]) -> None:
    """Half of a surrogate pair, which JSON can spell, is no text that can be stored."""
    try:
        json.dumps(record, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise UnreadableLabelError("The record contains half a character (an unpaired surrogate).") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
