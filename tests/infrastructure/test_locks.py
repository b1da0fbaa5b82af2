"""The lock files fit pyproject.toml, pin by hash and name no place to download from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
_PIN = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.M
)


def _wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in extras:
        lines += project["project"]["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def _pinned(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    return {canonicalize_name(match["name"]): match["version"] for match in _PIN.finditer(text)}


@pytest.mark.parametrize(("name", "extras"), [("run", ()), ("dev", ("dev",)), ("package", ("package",))])
def test_what_the_project_asks_for_is_pinned(name: str, extras: tuple[str, ...]) -> None:
    pins = _pinned(name)
    unmet = [
        str(wanted)
        for wanted in _wanted(*extras)
        if not wanted.specifier.contains(pins.get(canonicalize_name(wanted.name), "0"))
    ]
    assert unmet == [], "run: make lock"


@pytest.mark.parametrize("name", ["run", "dev", "package"])
def test_a_lock_holds_only_pins_with_hashes_and_comments(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    rest = [line for line in _PIN.sub("", text).splitlines() if line and not line.lstrip().startswith("#")]
    assert rest == []
    assert re.search(r"://|index|find-links|trusted-host", text) is None


@pytest.mark.parametrize("name", ["dev", "package"])
def test_people_test_and_ship_the_versions_they_run(name: str) -> None:
    pins = _pinned(name)
    assert {package: pins.get(package) for package in _pinned("run")} == _pinned("run")


def test_no_keyring_that_stores_plain_text() -> None:
    assert not {"keyrings-alt", "keyrings.alt"} & {*_pinned("run"), *_pinned("dev"), *_pinned("package")}
