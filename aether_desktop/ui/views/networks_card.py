"""The card of EVM networks: presets and own ones, their endpoints in order, and whether these serve their chain."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSpinBox

from aether_desktop.domain.networks import MOST_CONFIRMATIONS, EvmNetwork
from aether_desktop.domain.text import plain_line
from aether_desktop.ports.errors import AetherError, InvalidInputError
from aether_desktop.services.networks import EndpointCheck
from aether_desktop.ui.context import UiContext
from aether_desktop.ui.jobs import JobHandle
from aether_desktop.ui.object_names import settings_part_name
from aether_desktop.ui.widgets.buttons import button_row, plain_button
from aether_desktop.ui.widgets.card import Card
from aether_desktop.ui.widgets.choice import Choice
from aether_desktop.ui.widgets.form_field import FormField
from aether_desktop.ui.widgets.labels import breakable, set_kind, text_label

_NEW: Final = "A network of your own\u2026"
_ENDPOINTS: Final = (
    "One a line, in the order in which they are asked: http:// or https://. Whoever runs one sees which addresses you"
    " ask about. Nothing is believed before it proves the chain id."
)
_LINES: Final = 4
_SHOWN: Final = 300  # characters of a problem
_MOST_DIGITS: Final = 19


class NetworksCard(Card):
    """GUI thread only; stored on the write lane, endpoints asked on the read lane."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(context.theme, "Networks")
        self._context = context
        self._networks: list[EvmNetwork] = []
        self._checking: JobHandle[list[EndpointCheck]] | None = None
        self._wanted: int | None = None
        theme, part = context.theme, settings_part_name
        self.chosen = FormField(theme, "Network", Choice(), object_name=part("network"))
        self.name = FormField(theme, "Name", QLineEdit(), object_name=part("network_name"))
        self.chain_id = FormField(theme, "Chain id", QLineEdit(), object_name=part("network_chain_id"))
        self.symbol = FormField(
            theme, "Coin", QLineEdit(), hint="Its symbol; the coin has 18 decimals.", object_name=part("network_symbol")
        )
        self.endpoints = FormField(
            theme, "Endpoints", QPlainTextEdit(), hint=_ENDPOINTS, object_name=part("network_endpoints")
        )
        self.confirmations = FormField(theme, "Confirmations", QSpinBox(), object_name=part("network_confirmations"))
        self.explorer = FormField(
            theme,
            "Explorer",
            QLineEdit(),
            hint="Where transactions are looked up, before /tx/.",
            object_name=part("network_explorer"),
        )
        self.save_button = plain_button(theme, "Save the network", object_name=part("network_save"))
        self.check_button = plain_button(theme, "Check its endpoints", object_name=part("network_check"))
        self.remove_button = plain_button(theme, "Remove", object_name=part("network_remove"))
        self.result = text_label(theme, wrap=True)
        self.result.setObjectName(part("network_result"))
        self._build()
        self.refresh()

    @property
    def shown(self) -> EvmNetwork | None:
        """The network in the fields; None for a new one."""
        at = self.chosen.editor.currentIndex()
        return self._networks[at] if 0 <= at < len(self._networks) else None

    def refresh(self, select: int | None = None) -> None:
        """Read them anew, and show the one of that chain id."""
        networks = self._context.services.networks
        wanted = select if select is not None else (self.shown.chain_id if self.shown is not None else None)
        job = self._context.jobs.read(lambda _token, _progress: networks.all())
        self._wanted = wanted
        job.on_success(self._on_read).on_failure(self._context.messages.report)

    # -- inside --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.confirmations.editor.setRange(1, MOST_CONFIRMATIONS)
        self.chain_id.editor.setMaxLength(_MOST_DIGITS)
        edit = self.endpoints.editor
        edit.setTabChangesFocus(True)
        edit.setFixedHeight(edit.fontMetrics().lineSpacing() * _LINES + 2 * edit.frameWidth() + 16)
        for field in (
            self.chosen,
            self.name,
            self.chain_id,
            self.symbol,
            self.endpoints,
            self.confirmations,
            self.explorer,
        ):
            self.body.addWidget(field)
        self.body.addLayout(button_row(self.save_button, self.check_button, self.remove_button))
        self.body.addWidget(self.result)
        self.result.hide()
        self.chosen.editor.currentIndexChanged.connect(lambda _at: self._show())
        self.save_button.clicked.connect(self._on_save)
        self.check_button.clicked.connect(self._on_check)
        self.remove_button.clicked.connect(self._on_remove)

    def _on_read(self, networks: list[EvmNetwork]) -> None:
        self._networks, select = networks, self._wanted
        choice = self.chosen.editor
        with QSignalBlocker(choice):
            choice.clear()
            for network in networks:
                choice.addItem(f"{plain_line(network.name, 60)} ({network.chain_id})")
            choice.addItem(_NEW)
            at = next((at for at, each in enumerate(networks) if each.chain_id == select), 0)
            choice.setCurrentIndex(at)
        self._show()

    def _show(self) -> None:
        network = self.shown
        self.name.editor.setText("" if network is None else network.name)
        self.chain_id.editor.setText("" if network is None else str(network.chain_id))
        self.symbol.editor.setText("" if network is None else network.symbol)
        self.endpoints.editor.setPlainText("" if network is None else "\n".join(network.endpoints))
        self.confirmations.editor.setValue(12 if network is None else network.confirmations)
        self.explorer.editor.setText("" if network is None else network.explorer)
        preset = network is not None and network.chain is not None
        self.chain_id.editor.setReadOnly(preset)
        self.check_button.setEnabled(network is not None)
        self.remove_button.setVisible(network is not None and bool(network.id))
        self.remove_button.setText("Put the preset back" if preset else "Remove")
        self.remove_button.setAccessibleName(self.remove_button.text())
        for field in self._fields().values():
            field.set_error("")
        self._say("")

    def _fields(self) -> dict[str, FormField[QLineEdit] | FormField[QPlainTextEdit] | FormField[QSpinBox]]:
        return {
            "name": self.name,
            "chain_id": self.chain_id,
            "symbol": self.symbol,
            "endpoints": self.endpoints,
            "confirmations": self.confirmations,
            "explorer": self.explorer,
        }

    def _on_save(self) -> None:
        base, networks = self.shown, self._context.services.networks
        typed = self.chain_id.editor.text().strip()
        for field in self._fields().values():
            field.set_error("")
        if not (typed.isascii() and typed.isdigit()):
            self.chain_id.set_error("A chain id is a whole number.")
            self.chain_id.editor.setFocus()
            return
        lines = self.endpoints.editor.toPlainText().splitlines()
        values = {
            "name": self.name.editor.text().strip(),
            "chain_id": int(typed),
            "symbol": self.symbol.editor.text().strip(),
            "endpoints": tuple(line.strip() for line in lines if line.strip()),
            "confirmations": self.confirmations.editor.value(),
            "explorer": self.explorer.editor.text().strip(),
        }
        self.save_button.setEnabled(False)
        job = self._context.jobs.write(lambda _token, _progress: networks.save(values, base=base))
        job.on_success(self._on_saved).on_failure(self._on_refused)
        job.on_cancelled(self._on_not_saved)

    def _on_not_saved(self) -> None:
        self.save_button.setEnabled(True)

    def _on_saved(self, network: EvmNetwork) -> None:
        self.save_button.setEnabled(True)
        self._context.messages.done(f"{plain_line(network.name, 60)} is stored.")
        self.refresh(network.chain_id)

    def _on_refused(self, error: BaseException) -> None:
        self.save_button.setEnabled(True)
        field = self._fields().get(error.field) if isinstance(error, InvalidInputError) else None
        if field is not None and isinstance(error, AetherError):
            field.set_error(str(error))
            field.editor.setFocus()
        else:
            self._context.messages.report(error)

    def _on_check(self) -> None:
        """Those that are stored, not what is being typed."""
        network, networks = self.shown, self._context.services.networks
        if network is None or self._checking is not None:
            return
        self._say(f"Asking the endpoints of {plain_line(network.name, 60)}\u2026")
        self._checking = job = self._context.jobs.read(
            lambda token, _progress: networks.check(network, token=token),
            title=f"Check the endpoints of {plain_line(network.name, 60)}",
        )
        job.on_success(self._on_checked).on_failure(self._on_unchecked).on_cancelled(self._on_stopped)

    def _on_checked(self, found: list[EndpointCheck]) -> None:
        self._checking = None
        lines = [
            f"{each.shown}: {each.problem or f'serves the chain; its latest block is {each.head:,}.'}" for each in found
        ]
        self._say("\n".join(plain_line(line, _SHOWN) for line in lines), wrong=any(each.problem for each in found))

    def _on_unchecked(self, error: BaseException) -> None:
        self._checking = None
        if isinstance(error, AetherError):
            self._say(str(error), wrong=True)
        else:
            self._say("")
            self._context.messages.report(error)

    def _on_stopped(self) -> None:
        self._checking = None
        self._say("")

    def _on_remove(self) -> None:
        network, networks = self.shown, self._context.services.networks
        if network is not None:
            said = "is as it was before" if network.chain is not None else "is removed"
            self._context.write(
                lambda: networks.remove(network), then=self.refresh, said=f"{plain_line(network.name, 60)} {said}."
            )

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.result.setText(breakable(text))
        set_kind(self.result, "error" if wrong else "")
        self.result.setVisible(bool(text))
