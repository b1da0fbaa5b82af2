"""What the rows add up to, what they are worth, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from aether_desktop.domain.amounts import Currency
from aether_desktop.domain.prices import Price
from aether_desktop.ports.errors import ImportRefusedError
from aether_desktop.services.attention import AttentionKind
from aether_desktop.services.prices import value_of
from aether_desktop.services.service_set import ServiceSet
from tests.services import files
from tests.services.conftest import ADDRESS

COIN = 10**18
PRICES = "date,symbol,currency,price"
DAY = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def wallet_id(services: ServiceSet) -> int:
    return services.wallets.add(name="Main", chain="ethereum", address=ADDRESS).id


def test_failed_rows_move_nothing_but_cost_their_fee(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    rows = (
        files.incoming(1, "2"),
        files.outgoing(2, "0.5", fee="0.001"),
        files.outgoing(3, "1", fee="0.002", failed=True),
    )
    services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL, *rows), wallet_id)
    (balance,) = services.balances.balances()
    assert balance.base_units == 2 * COIN - COIN // 2 - COIN * 3 // 1000
    assert (balance.rows, balance.wallet, balance.value) == (3, "Main", None)


def test_a_balance_opens_to_the_rows_that_make_it(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    rows = (files.incoming(1, "2"), files.outgoing(2, "0.5"))
    services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL, *rows), wallet_id)
    tokens = (files.token_in(3, "7"), files.token_in(4, "9", symbol="ETH", contract="0x" + "22" * 20))
    services.importing.run(files.write(tmp_path / "b.csv", files.ERC20, *tokens), wallet_id)
    other = services.wallets.add(name="Other", chain="atc", address=ADDRESS)
    overview = services.balances.overview()
    assert len(overview.balances) == 3
    for balance in overview.balances:
        query = services.balances.rows_behind(balance)
        found = list(services.storage.windows.rows(query))
        assert len(found) == balance.rows
        total = 0
        for row in found:
            record = services.storage.transactions.get(row.id)
            if record.amount.currency.id == balance.currency.id:
                total += record.amount.base_units if record.direction == "in" else -record.amount.base_units
            if record.fee is not None and record.fee.currency.id == balance.currency.id:
                total -= record.fee.base_units
        assert total == balance.base_units
    assert {each.wallet_id for each in overview.attention if each.kind is AttentionKind.NO_HISTORY} == {other.id}


def test_totals_run_across_wallets_and_history_over_days(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    day = 86_400
    rows = [files.incoming(n, "1", at=1_500_000_000 + n * day) for n in range(1, 4)]
    services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL, *rows), wallet_id)
    second = services.wallets.add(name="Second", chain="ethereum", address=files.OTHER)
    sent = [files.normal(9, ADDRESS.lower(), files.OTHER, "0.5", "0", at=1_500_000_000 + 2 * day)]
    services.importing.run(files.write(tmp_path / "b.csv", files.NORMAL, *sent), second.id)
    overview = services.balances.overview()
    (total,) = overview.totals
    first, last = (balance.base_units for balance in overview.balances)
    assert (total.base_units, total.wallets) == (first + last, 2)
    (series,) = services.balances.history()
    assert series.points[-1][1] == total.base_units
    assert [moment for moment, _ in series.points] == sorted(moment for moment, _ in series.points)
    (own,) = services.balances.history([wallet_id])
    assert [units for _, units in own.points] == [COIN, 2 * COIN, 3 * COIN]


@pytest.mark.parametrize(
    ("imported", "said"),
    [
        (["normal"], "internal transactions export"),
        (["normal", "internal"], "whole history"),
        (["erc20"], "whole history"),
    ],
)
def test_a_dip_says_since_when_and_which_export_would_fill_it(
    services: ServiceSet, wallet_id: int, tmp_path: Path, imported: list[str], said: str
) -> None:
    if "normal" in imported:
        row = files.outgoing(1, "5", at=1_600_000_000)
        services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL, row), wallet_id)
    if "internal" in imported:
        heading = (
            '"Txhash","Blockno","UnixTimestamp","DateTime (UTC)","ParentTxFrom","ParentTxTo","ParentTxETH_Value",'
            '"From","TxTo","ContractAddress","Value_IN(ETH)","Value_OUT(ETH)","CurrentValue @ $1/Eth",'
            '"Historical $Price/Eth","Status","ErrCode","Type"'
        )
        services.importing.run(files.write(tmp_path / "b.csv", heading), wallet_id)
    if "erc20" in imported:
        line = files.token_in(1, "5").replace(
            f'"{files.OTHER}","{ADDRESS.lower()}"', f'"{ADDRESS.lower()}","{files.OTHER}"'
        )
        services.importing.run(files.write(tmp_path / "c.csv", files.ERC20, line), wallet_id)
    (dip,) = [each for each in services.balances.overview().attention if each.kind is AttentionKind.DIP]
    assert said in dip.hint
    assert dip.since is not None
    assert f"{dip.since:%Y-%m-%d}" in dip.text
    assert dip.query is not None
    assert services.storage.windows.count(dip.query) == 1


def test_attention_lists_rejections_until_the_file_is_mended(
    services: ServiceSet, wallet_id: int, tmp_path: Path
) -> None:
    def rejected() -> list[str]:
        found = services.balances.overview().attention
        return [each.text for each in found if each.kind is AttentionKind.REJECTED_ROWS]

    path = tmp_path / "a.csv"
    services.importing.run(files.write(path, files.NORMAL, files.incoming(1, "1"), files.incoming(2, "?")), wallet_id)
    assert rejected() == ["1 row of a.csv could not be read and are missing."]
    services.importing.run(files.write(path, files.NORMAL, files.incoming(1, "1"), files.incoming(2, "2")), wallet_id)
    assert rejected() == []


def test_an_empty_vault_says_how_to_begin(services: ServiceSet) -> None:
    overview = services.balances.overview()
    assert [each.kind for each in overview.attention] == [AttentionKind.NO_WALLET]
    assert (overview.totals, overview.fiat, overview.fiat_total, overview.last_import) == ((), "", None, None)
    assert services.balances.history() == []


def test_values_are_exact_dated_and_sourced(services: ServiceSet, wallet_id: int, tmp_path: Path) -> None:
    rows = (files.incoming(1, "0.000000000000000001"), files.incoming(2, "1234567.5"))
    services.importing.run(files.write(tmp_path / "a.csv", files.NORMAL, *rows), wallet_id)
    tokens = (files.token_in(3, "7"), files.token_in(4, "9", symbol="ETH", contract="0x" + "22" * 20))
    services.importing.run(files.write(tmp_path / "b.csv", files.ERC20, *tokens), wallet_id)
    lines = ("2024-01-01,ETH,USD,2264.03996675132", "2024-02-01,ETH,USD,2500.10", "2024-01-01,BTC,EUR,40000")
    report = services.prices.import_file(files.write(tmp_path / "prices.csv", PRICES, *lines))
    assert (report.rows, report.stored, report.rejections) == (3, 3, ())
    overview = services.balances.overview(fiat="USD")
    coin = next(each for each in overview.totals if not each.currency.contract)
    assert coin.value is not None
    assert coin.value.value == Decimal("3086542206.7500000000000025001")
    assert (coin.value.price.source, coin.value.price.day) == ("prices.csv", datetime(2024, 2, 1, tzinfo=UTC))
    assert [each.value for each in overview.totals if each.currency.contract] == [None, None]
    assert overview.fiat_total == coin.value.value
    assert set(overview.unpriced) == {"XNN", "ETH"}
    assert AttentionKind.NO_PRICE in {each.kind for each in overview.attention}
    assert overview.fiats == ("EUR", "USD")
    in_euro = services.balances.overview(fiat="EUR")
    assert in_euro.fiat_total is None
    then = services.prices.value_at(coin.base_units, coin.currency, fiat="USD", day=datetime(2024, 1, 15, tzinfo=UTC))
    assert then is not None
    assert then.price.price == "2264.03996675132"
    before = datetime(2023, 12, 31, tzinfo=UTC)
    assert services.prices.value_at(coin.base_units, coin.currency, fiat="USD", day=before) is None


def test_a_price_file_stored_again_changes_nothing(services: ServiceSet, tmp_path: Path) -> None:
    path = files.write(tmp_path / "p.csv", PRICES, "2024-01-01,ETH,USD,2264.10")
    assert services.prices.import_file(path).stored == 1
    assert services.prices.import_file(path).stored == 0
    assert services.prices.fiats() == ["USD"]
    assert services.prices.latest("USD")["ETH"].price == "2264.1"


def test_wrong_prices_are_named_and_good_ones_stored(services: ServiceSet, tmp_path: Path) -> None:
    lines = (
        "2024-01-01,ETH,USD,2264.1",
        "yesterday,ETH,USD,1",
        "2024-01-01,,USD,1",
        "2024-01-01,ETH,dollars,1",
        "2024-01-01,ETH,USD,-1",
        "2024-01-01,ETH,USD,0",
        "2024-01-01,ETH,USD,N/A",
        "2024-01-01,ETH",
        "2024-01-02,ETH,usd,1e3",
    )
    report = services.prices.import_file(files.write(tmp_path / "p.csv", PRICES, *lines))
    assert (report.rows, report.stored) == (9, 2)
    assert [each.row for each in report.rejections] == [3, 4, 5, 6, 7, 8, 9]
    assert [each.reason.partition(":")[0] for each in report.rejections[:3]] == [
        "date",
        "The symbol is missing.",
        "currency",
    ]
    assert services.prices.latest("USD")["ETH"].price == "1000"


def test_other_tables_are_no_prices(services: ServiceSet, tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="no column currency, price"):
        services.prices.import_file(files.write(tmp_path / "p.csv", "date,symbol,amount", "2024-01-01,ETH,1"))


def test_a_token_that_borrows_a_coins_name_has_no_value() -> None:
    prices = {"ETH": Price(day=DAY, symbol="ETH", currency="USD", price="2000", source="x")}
    coin = Currency("ETH", 18, chain="ethereum")
    assert value_of(COIN, coin, prices) is not None
    assert value_of(COIN, Currency("ETH", 18, chain="ethereum", contract="0x" + "22" * 20), prices) is None
    negative = value_of(-COIN, coin, prices)
    assert negative is not None
    assert negative.value == Decimal(-2000)
