"""Which function runs which command."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from aether_desktop.cli.commands import (
    audit,
    care,
    imports,
    keys,
    labels,
    ledger,
    modules,
    own_wallets,
    payments,
    people,
    postgres,
    quorum,
    sealed,
    vaults,
    wallets,
)
from aether_desktop.cli.runner import Command

_COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "vault create": vaults.create,
        "vault info": vaults.info,
        "vault password": keys.password,
        "vault kit": keys.kit,
        "vault keys": keys.keys,
        "vault unlock": keys.unlock,
        "vault accept-keys": keys.accept_keys,
        "vault forget-copies": keys.forget_copies,
        "vault compromised": keys.compromised,
        "sample": vaults.sample,
        "wallet add": wallets.add,
        "wallet list": wallets.list_wallets,
        "wallet show": own_wallets.show,
        "wallet create": own_wallets.create,
        "wallet restore": own_wallets.restore,
        "wallet import-key": own_wallets.import_key,
        "wallet import-keystore": own_wallets.import_keystore,
        "wallet account": own_wallets.account,
        "wallet reveal": own_wallets.reveal,
        "wallet export": own_wallets.export,
        "wallet forget": own_wallets.forget,
        "token list": wallets.list_tokens,
        "token rescale": wallets.rescale,
        "import run": imports.run,
        "import undo": imports.undo,
        "import list": imports.list_batches,
        "balance": ledger.balance,
        "transactions list": ledger.list_transactions,
        "transactions groups": ledger.list_groups,
        "transactions export": ledger.export_transactions,
        "transactions sum": ledger.sum_transactions,
        "labels export": labels.export_labels,
        "labels import": labels.import_labels,
        "labels set": labels.set_labels,
        "prices import": labels.import_prices,
        "people list": people.list_people,
        "people begin": people.begin,
        "people trust": people.trust,
        "people invite": people.invite,
        "people accept": people.accept,
        "people certify": people.certify,
        "people role": people.set_role,
        "people disable": people.disable,
        "people enable": people.enable,
        "people grant": people.grant,
        "people revoke": people.revoke,
        "courts status": people.status,
        "courts make": people.own_courts,
        "courts rotate": people.rotate,
        "courts deal": quorum.deal,
        "courts ask": quorum.ask,
        "courts requests": quorum.requests,
        "courts release": quorum.release,
        "courts restore": quorum.restore,
        "courts withdraw": quorum.withdraw,
        "payments check": payments.check,
        "sealed list": sealed.list_sealed,
        "sealed reveal": sealed.reveal,
        "audit list": audit.list_entries,
        "audit verify": audit.verify,
        "audit checkpoint": audit.checkpoint,
        "audit checkpoints": audit.checkpoints,
        "audit proof": audit.proof,
        "audit consistency": audit.consistency,
        "audit code": audit.code,
        "audit compare": audit.compare,
        "audit accept": audit.accept,
        "postgres provision": postgres.provision,
        "postgres migrate": postgres.migrate,
        "modules list": modules.list_modules,
        "modules enable": modules.enable,
        "modules disable": modules.disable,
        "backup": care.backup,
        "restore": care.restore,
        "migrate": care.migrate,
        "doctor": care.doctor,
        "schema": care.schema,
    }
)


def command_for(options: argparse.Namespace) -> Command:
    """The function that the parsed words name."""
    action = getattr(options, "action", "")
    return _COMMANDS[f"{options.command} {action}".strip()]
