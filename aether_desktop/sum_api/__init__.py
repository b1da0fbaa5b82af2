"""What a Sacred Utility Module (SUM) may import: hook specification, descriptors, stable names. Nothing else is
promised.

A package offers modules through the entry point group ``aether_desktop.sums``: an object (module or instance) with a
``sacred_utility_modules`` hook marked by ``hookimpl``. Built-in modules use the same road.
"""

from __future__ import annotations

from aether_desktop.domain.addresses import (
    AddressFamily,
    InvalidAddressError,
    is_evm_address,
    parse_address,
    same_address,
    short_address,
    to_checksum,
)
from aether_desktop.domain.amounts import (
    ASSUMED_DECIMALS,
    Amount,
    Currency,
    InvalidAmountError,
    format_units,
    parse_signed_units,
    parse_units,
)
from aether_desktop.domain.chains import CHAINS, Chain
from aether_desktop.domain.imports import Rejection
from aether_desktop.domain.probes import LARGEST_NUMBER, Probe, ProbeAnswer, ProbeKind, ProbeOutcome
from aether_desktop.domain.quantities import InvalidQuantityError, read_data, read_quantity
from aether_desktop.domain.text import plain_line
from aether_desktop.domain.times import InvalidTimeError, from_micros, iso, parse_time, to_micros
from aether_desktop.domain.transactions import Direction, Leg, Movement, TransactionKind, TransactionStatus
from aether_desktop.ports.errors import AetherError, ImportRefusedError, InvalidInputError, OperationCancelled
from aether_desktop.ports.networks import (
    AnswerTooLargeError,
    BadAnswerError,
    HttpStatusError,
    MethodMissingError,
    NetworkError,
    RpcCall,
    RpcError,
)
from aether_desktop.ports.queries import Row
from aether_desktop.ports.tables import ColumnKind, ColumnSpec, TableSpec
from aether_desktop.ports.work import CancelToken, Progress
from aether_desktop.sum_api.descriptors import (
    ENTRY_POINT_GROUP,
    GENERIC_FIELDS,
    AccountLister,
    FieldMapping,
    HeadedReaping,
    HeadedTable,
    HeadingAdviser,
    HeadingFit,
    ReapingModule,
    SowingContext,
    SowingModule,
    SumDescriptor,
    SumKind,
    hookimpl,
    hookspec,
)
from aether_desktop.sum_api.probing import Handshake, HttpReply, ProbeContext, ProbeModule, ProbeNetwork

__all__ = [
    "ASSUMED_DECIMALS",
    "CHAINS",
    "ENTRY_POINT_GROUP",
    "GENERIC_FIELDS",
    "LARGEST_NUMBER",
    "AccountLister",
    "AddressFamily",
    "AetherError",
    "Amount",
    "AnswerTooLargeError",
    "BadAnswerError",
    "CancelToken",
    "Chain",
    "ColumnKind",
    "ColumnSpec",
    "Currency",
    "Direction",
    "FieldMapping",
    "Handshake",
    "HeadedReaping",
    "HeadedTable",
    "HeadingAdviser",
    "HeadingFit",
    "HttpReply",
    "HttpStatusError",
    "ImportRefusedError",
    "InvalidAddressError",
    "InvalidAmountError",
    "InvalidInputError",
    "InvalidQuantityError",
    "InvalidTimeError",
    "Leg",
    "MethodMissingError",
    "Movement",
    "NetworkError",
    "OperationCancelled",
    "Probe",
    "ProbeAnswer",
    "ProbeContext",
    "ProbeKind",
    "ProbeModule",
    "ProbeNetwork",
    "ProbeOutcome",
    "Progress",
    "ReapingModule",
    "Rejection",
    "Row",
    "RpcCall",
    "RpcError",
    "SowingContext",
    "SowingModule",
    "SumDescriptor",
    "SumKind",
    "TableSpec",
    "TransactionKind",
    "TransactionStatus",
    "format_units",
    "from_micros",
    "hookimpl",
    "hookspec",
    "is_evm_address",
    "iso",
    "parse_address",
    "parse_signed_units",
    "parse_time",
    "parse_units",
    "plain_line",
    "read_data",
    "read_quantity",
    "same_address",
    "short_address",
    "to_checksum",
    "to_micros",
]
