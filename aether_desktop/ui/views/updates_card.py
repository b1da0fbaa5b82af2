"""The card about newer versions: where a signed release file lies, and whose signature counts."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from aether_desktop.ports.errors import AetherError
from aether_desktop.services.releases import parse_key
from aether_desktop.services.settings_file import RELEASE_KEY, RELEASE_LOCATION
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.object_names import settings_part_name
from aether_desktop.ui.widgets.buttons import button_row, plain_button
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.form_field import FormField

_LONGEST = 4_000  # characters of a place; a key has about 2,700
_PLACE_HINT = (
    "An https address or a file. It is looked into once after a start; nothing else is fetched and nothing is "
    "installed. Empty: nothing is looked for."
)
_KEY_HINT = "From where you got the program. Without it nothing that the file says is believed."


class UpdatesCard(Card):
    """What is typed is kept when the field is left; nothing is looked into before there is a key. GUI thread only."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(context.theme, "Newer versions")
        self._context = context
        theme = context.theme
        self.place = FormField(
            theme,
            "Place of the release file",
            QLineEdit(),
            hint=_PLACE_HINT,
            object_name=settings_part_name("release_place"),
        )
        self.key = FormField(
            theme, "Release key", QLineEdit(), hint=_KEY_HINT, object_name=settings_part_name("release_key")
        )
        self.look = plain_button(theme, "Look now", object_name=settings_part_name("release_look"))
        for field in (self.place, self.key):
            field.editor.setMaxLength(_LONGEST)
            self.body.addWidget(field)
        self.body.addLayout(button_row(self.look))
        self.refresh()
        self.place.editor.editingFinished.connect(self._on_place)
        self.key.editor.editingFinished.connect(self._on_key)
        for field in (self.place, self.key):
            field.editor.textEdited.connect(self._settle)
        self.look.clicked.connect(self._on_look)

    def refresh(self) -> None:
        """Show what is kept, except where something is being typed."""
        for field, setting in ((self.place, RELEASE_LOCATION), (self.key, RELEASE_KEY)):
            if not field.editor.hasFocus() and not field.error:
                field.editor.setText(setting.get(self._context.settings))
                field.editor.setCursorPosition(0)
        self._settle()

    def _settle(self) -> None:
        named = bool(self.place.editor.text().strip() and self.key.editor.text().strip())
        self.look.setEnabled(named and not self.key.error)

    def _on_place(self) -> None:
        RELEASE_LOCATION.set(self._context.settings, self.place.editor.text().strip())

    def _on_key(self) -> None:
        """A key that is none is not kept, and what was kept stays."""
        key = "".join(self.key.editor.text().split())
        try:
            if key:
                parse_key(key)
        except AetherError as error:
            self.key.set_error(str(error))
        else:
            self.key.set_error("")
            RELEASE_KEY.set(self._context.settings, key)
        self._settle()

    def _on_look(self) -> None:
        self._on_place()
        self._on_key()
        if not self.key.error:
            self._context.navigator.newer_version_asked.emit()
