"""The card of choices about the look: theme, visible zone, fiat currency, height of rows. Each acts at once."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox

from aether_desktop.domain.text import plain_line
from aether_desktop.services.settings_file import FIAT
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.look import COMPACT_SETTING, compact_rows
from aether_desktop.ui.object_names import settings_part_name
from aether_desktop.ui.theme.theme import ThemeMode
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.zone import LOCAL_ZONE, UTC_ZONE, ZONE_SETTING

_THEMES = {ThemeMode.SYSTEM: "As the system is", ThemeMode.LIGHT: "Light", ThemeMode.DARK: "Dark"}
_ZONES = {UTC_ZONE: "UTC", LOCAL_ZONE: "This computer's own"}
_NO_VALUES = "No values"
_NO_PRICES = "There are no prices here yet; import some. Where there is no price there is no value, never a zero."
_HAS_PRICES = "By the prices that you imported, each with its day and source."


class LookCard(Card):
    """GUI thread only; what prices there are is read on the read lane."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(context.theme, "Look")
        self._context = context
        theme = context.theme
        self.theme_choice = FormField(theme, "Theme", Choice(), object_name=settings_part_name("theme"))
        self.zone = FormField(
            theme,
            "Times are shown in",
            Choice(),
            hint="Stored and exported times always carry their zone.",
            object_name=settings_part_name("zone"),
        )
        self.fiat = FormField(
            theme, "Values are shown in", Choice(), hint=_HAS_PRICES, object_name=settings_part_name("fiat")
        )
        self.compact = QCheckBox("Compact rows in tables")
        self.compact.setObjectName(settings_part_name("compact"))
        self.compact.setAccessibleName("Compact rows in tables")
        self.compact.setFont(theme.fonts.interface())
        for mode, words in _THEMES.items():
            self.theme_choice.editor.addItem(words, mode.value)
        for zone, words in _ZONES.items():
            self.zone.editor.addItem(words, zone)
        for widget in (self.theme_choice, self.zone, self.fiat, self.compact):
            self.body.addWidget(widget)
        self._offer_fiats([])
        self._show_chosen()
        self.theme_choice.editor.activated.connect(self._on_theme)
        self.zone.editor.activated.connect(self._on_zone)
        self.fiat.editor.activated.connect(self._on_fiat)
        self.compact.toggled.connect(self._on_compact)
        theme.changed.connect(self._show_chosen)

    def refresh(self) -> None:
        """Show what is chosen now (the palette may have changed it) and which currencies have prices."""
        self._show_chosen()
        self.load_fiats()

    def load_fiats(self) -> None:
        """Ask which fiat currencies have prices."""
        prices = self._context.services.prices
        job = self._context.jobs.read(lambda _token, _progress: prices.fiats())
        job.on_success(self._offer_fiats).on_failure(self._context.messages.report)

    def _offer_fiats(self, fiats: list[str]) -> None:
        chosen = FIAT.get(self._context.settings)
        offered = sorted({*fiats, chosen} - {""})
        editor = self.fiat.editor
        with QSignalBlocker(editor):
            editor.clear()
            editor.addItem(f"{plain_line(fiats[0], 12)}, the first with prices" if fiats else _NO_VALUES, "")
            for code in offered:
                editor.addItem(plain_line(code, 12), code)
            editor.setCurrentIndex(max(0, editor.findData(chosen)))
        lacking = f"There are no prices in {plain_line(chosen, 12)}, so no values are shown."
        self.fiat.set_hint(_NO_PRICES if not fiats else lacking if chosen and chosen not in fiats else _HAS_PRICES)

    def _show_chosen(self) -> None:
        settings = self._context.settings
        zone = LOCAL_ZONE if settings.get(ZONE_SETTING) == LOCAL_ZONE else UTC_ZONE
        for field, value in ((self.theme_choice, self._context.theme.mode.value), (self.zone, zone)):
            field.editor.setCurrentIndex(max(0, field.editor.findData(value)))
        with QSignalBlocker(self.compact):
            self.compact.setChecked(compact_rows(settings))

    def _on_theme(self, _index: int) -> None:
        mode = ThemeMode(self.theme_choice.editor.currentData())
        self._context.settings.set("theme", mode.value)
        self._context.theme.set_mode(mode)

    def _on_zone(self, _index: int) -> None:
        self._context.settings.set(ZONE_SETTING, self.zone.editor.currentData())
        self._context.navigator.look_changed.emit()

    def _on_fiat(self, _index: int) -> None:
        FIAT.set(self._context.settings, str(self.fiat.editor.currentData()))
        self.load_fiats()
        self._context.navigator.look_changed.emit()

    def _on_compact(self, on: bool) -> None:
        self._context.settings.set(COMPACT_SETTING, True if on else None)
        self._context.navigator.look_changed.emit()
