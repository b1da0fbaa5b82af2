"""EVM networks: the presets and a person's own, and whether their endpoints serve the chain they should.

Worker threads only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from aether_desktop.domain.endpoints import parse_endpoint
from aether_desktop.domain.networks import EvmNetwork, preset_networks
from aether_desktop.domain.quantities import InvalidQuantityError, read_quantity
from aether_desktop.domain.records import InvalidRecordError
from aether_desktop.domain.times import utc_now
from aether_desktop.ports.chains import EvmConnections, NetworkStore
from aether_desktop.ports.errors import InvalidInputError, NotFoundError
from aether_desktop.ports.networks import BadAnswerError, EndpointsFailedError, JsonRpc, NetworkError
from aether_desktop.ports.work import CancelToken

_FIELDS: Final = frozenset({"name", "chain_id", "symbol", "endpoints", "confirmations", "explorer"})


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """One endpoint as it answered just now. ``head`` is its latest block; ``problem`` is empty when it serves."""

    shown: str
    head: int | None
    problem: str = ""


class NetworkService:
    """``connections`` None: nothing outside is reached here (tests, the sample's building)."""

    def __init__(
        self,
        store: NetworkStore,
        connections: EvmConnections | None,
        *,
        user_id: int,
        new_id: Callable[[], int],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store, self._connections = store, connections
        self._user_id, self._new_id, self._now = user_id, new_id, now

    def all(self) -> list[EvmNetwork]:
        """The presets, as the person changed them, then their own by name."""
        stored = {network.chain_id: network for network in self._store.all()}
        presets = [stored.pop(each.chain_id, each) for each in preset_networks(self._user_id, self._now())]
        return [*presets, *sorted(stored.values(), key=lambda network: network.name.casefold())]

    def find(self, text: str) -> EvmNetwork:
        """By chain id, name or coin symbol, in any case. Raises NotFoundError, InvalidInputError when several."""
        wanted, networks = text.strip().casefold(), self.all()
        found = [each for each in networks if wanted in {str(each.chain_id), hex(each.chain_id)}]
        found = found or [each for each in networks if each.name.casefold() == wanted]
        found = found or [each for each in networks if each.symbol.casefold() == wanted]
        if len(found) > 1:
            raise InvalidInputError(f"Several networks are called {text[:40]!r}.", field="network", hint="Give its id.")
        if not found:
            known = ", ".join(f"{each.name} ({each.chain_id})" for each in networks)
            raise NotFoundError(f"There is no network {text[:40]!r}.", hint=f"Known networks: {known}.")
        return found[0]

    def of_chain(self, chain_id: int) -> EvmNetwork:
        """Raises NotFoundError."""
        return self.find(str(chain_id))

    def save(self, values: Mapping[str, object], *, base: EvmNetwork | None = None) -> EvmNetwork:
        """A new network, or ``base`` with these fields changed. A preset's chain id stays.

        Raises InvalidInputError naming the field, AlreadyExistsError, ConflictError.
        """
        given: dict[str, Any] = {name: value for name, value in values.items() if name in _FIELDS}
        if base is None:
            missing = next((name for name in ("name", "chain_id", "symbol") if name not in given), None)
            if missing is not None:
                raise InvalidInputError("Fill this in; it must not be empty.", field=missing)
        elif base.chain is not None and given.get("chain_id", base.chain_id) != base.chain_id:
            raise InvalidInputError(f"{base.name} has the chain id {base.chain_id}.", field="chain_id")
        try:
            if base is None:
                made = EvmNetwork(id=self._new_id(), owner_id=self._user_id, created_at=self._now(), **given)
            else:
                made = replace(base, **given)
        except InvalidRecordError as error:
            raise InvalidInputError(error.reason, field=error.field) from error
        if base is not None and base.id:
            self._store.update(made)
        else:
            self._store.add(replace(made, id=made.id or self._new_id()))
        return self.of_chain(made.chain_id)

    def remove(self, network: EvmNetwork) -> None:
        """A preset is as it was before; one's own is gone. Raises NotFoundError, ConflictError."""
        if not network.id:
            raise NotFoundError(f"{network.name} is a preset that was never changed.")
        self._store.remove(network)

    def client(self, network: EvmNetwork) -> JsonRpc:
        """Its endpoints in order; the chain id is proven before anything is believed. Raises InvalidInputError."""
        if self._connections is None:
            raise InvalidInputError("No network is reached from here.", field="network")
        return self._connections.connect(network.endpoints, network.chain_id)

    def check(self, network: EvmNetwork, *, token: CancelToken | None = None) -> list[EndpointCheck]:
        """Ask each endpoint by itself for its chain id and its latest block. Raises InvalidInputError without one,
        OperationCancelled."""
        if not network.endpoints:
            self.client(network)  # says what is missing
        return [self._checked(network, text, token) for text in network.endpoints]

    def _checked(self, network: EvmNetwork, endpoint: str, token: CancelToken | None) -> EndpointCheck:
        shown = parse_endpoint(endpoint).shown
        try:
            head = self.client(replace(network, endpoints=(endpoint,))).call("eth_blockNumber", token=token)
            return EndpointCheck(shown, read_quantity(head))
        except EndpointsFailedError as error:
            return EndpointCheck(shown, None, error.problems[0][1].message if error.problems else error.message)
        except (InvalidQuantityError, NetworkError) as error:
            wrong = BadAnswerError(f"{shown} does not say its latest block.")
            return EndpointCheck(shown, None, error.message if isinstance(error, NetworkError) else wrong.message)
