"""A court's key back from several people, by the command line: four computers and one shared database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_people import Desk, begun, factors, private

__all__ = ["begun", "factors"]


@pytest.fixture
def desks(run: Run, postgres_database: Any, tmp_path: Path) -> dict[str, Desk]:
    miriam = Desk(run, tmp_path / "miriam")
    miriam.url = miriam("postgres", "provision", postgres_database(), "--username", "miriam", url="").out.strip()
    miriam("vault", "password")
    miriam("people", "begin", factors=True)
    found = {"miriam": miriam}
    for name in ("aaron", "hur", "joel"):
        file = tmp_path / f"{name}.aether-invitation"
        made = miriam("people", "invite", name, "--file", str(file), factors=True)
        secret = private(tmp_path / f"{name} secret", made.out.strip())
        one = found[name] = Desk(run, tmp_path / name)
        one.url = one("people", "accept", str(file), "--secret-file", secret, factors=True).out.strip()
        miriam("people", "certify", name, factors=True)
        if name == "aaron":
            one("courts", "make", factors=True)
    return found


def test_a_key_is_dealt_asked_for_and_taken_back(desks: dict[str, Desk]) -> None:
    aaron, hur, joel = desks["aaron"], desks["hur"], desks["joel"]
    deal = ("courts", "deal", "holy", "--needed", "2", "--holders")
    assert "cannot be" in aaron(*deal, "hur,joel", code=1, factors=True).err
    assert "nobody 'nahum'" in aaron(*deal, "hur,joel,nahum", code=1, factors=True).err
    assert "Any 2 of the 3 holders" in aaron(*deal, "hur, joel, miriam", factors=True).err
    ask = ("courts", "ask", "holy", "--purpose", "a drowned laptop")
    assert "Only its owner" in hur(*ask, "--owner", "aaron", code=1, factors=True).err
    number = aaron(*ask, factors=True).out.strip()
    assert "2 holders must agree; 0 did" in aaron("courts", "restore", number, code=1, factors=True).err
    for one in (hur, joel):
        (asked,) = one("courts", "requests", "--json").json("courts-requests")["requests"]
        assert (asked["id"], asked["asked_by"], asked["for"]) == (number, "aaron", "a drowned laptop")
        assert "a drowned laptop" in one("courts", "requests").out
        one("courts", "release", number, factors=True)
    listed = aaron("courts", "requests", "--json").json("courts-requests")
    assert [sorted(each["released"]) for each in listed["requests"]] == [["hur", "joel"]]
    assert sorted(listed["courts"][1]["holders"]) == ["hur", "joel", "miriam"]
    assert "courts rotate holy" in aaron("courts", "restore", number, factors=True).err
    assert "no such open request" in aaron("courts", "withdraw", number, code=1, factors=True).err
    assert aaron("courts", "requests", "--json").json("courts-requests")["requests"] == []


def test_what_is_no_request_is_said(begun: Run, factors: list[str]) -> None:
    assert "is no request" in begun("courts", "release", "first", *factors, code=1).err
    assert "no such open request" in begun("courts", "release", "7", *factors, code=1).err
    assert "nobody holds shares" in begun("courts", "requests").err
