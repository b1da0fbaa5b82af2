"""A person's own words on any row: a label, a note, tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aether_desktop.domain.records import InvalidRecordError, TableName, require_text
from aether_desktop.domain.sealed_fields import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One per row. ``extra`` holds keys of an imported BIP-329 record that we do not know, kept for export.

    The note is sealed on a shared database. ``owner_id`` is the row's owner, 0 where nothing was stored yet.
    """

    id: int
    table: TableName
    row_id: int
    label: str = ""
    note: str | Sealed = ""
    tags: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    version: int = 1
    owner_id: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        require_text("label", self.label, limit=255, empty=True)
        if not isinstance(self.note, Sealed):
            require_text("note", self.note, limit=20_000, empty=True)
        tags = tuple(dict.fromkeys(tag.strip() for tag in self.tags if tag.strip()))
        for tag in tags:
            require_text("tags", tag, limit=64)
            if any(character in ',"' or character.isspace() for character in tag):
                raise InvalidRecordError("tags", "A tag is one word, without commas or quotation marks.")
        object.__setattr__(self, "tags", tags)

    @property
    def is_empty(self) -> bool:
        return not (self.label or self.note or self.tags or self.extra)


@dataclass(frozen=True, slots=True)
class ForeignLabel:
    """A BIP-329 record whose ``ref`` names nothing in this vault yet; kept whole and exported again."""

    type: str
    ref: str
    record: Mapping[str, object]
