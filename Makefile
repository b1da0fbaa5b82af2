# Every target sets up what it needs; the first time takes minutes, afterwards nothing.
# Words after the target's own:  make run ARGS="--vault PATH"   make test ARGS="tests/domain -k amount"
.PHONY: help run test test-package test-long check bench bench-large shots migration lock sample package clean
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
# A worker per processor, each with servers of its own; one file alone is quicker with: .venv/bin/python -m pytest FILE
PYTEST := scripts/timed tests $(PYTHON) -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal
# A home, D-Bus, unlocked keyring and screen of its own, for what draws windows outside pytest.
PRIVATE := $(PYTHON) -m scripts.private_session
ARGS ?=

help:
	@echo "make run | test | test-package | test-long | check | bench | bench-large | shots | sample | package | lock | clean"
	@echo "make migration m=\"what changes\""

run:
	@scripts/setup
	@exec $(PYTHON) -m aether_desktop $(ARGS)

test:
	@scripts/setup --dev
	@$(PYTEST) $(ARGS)

# The package as people install it; needs dist/*.deb (make package) and an administrator (a chroot). Pictures: build/test-package.
test-package:
	@scripts/setup --dev
	@scripts/setup --installed
	@scripts/timed test-package $(PYTHON) -m pytest -m installed -p no:randomly tests/installed $(ARGS)

test-long:
	@scripts/setup --dev
	@$(PYTEST) -m "not installed" --timeout=3600 $(ARGS)

check:
	@scripts/setup --dev
	@scripts/check

bench:
	@scripts/setup --dev
	@$(PRIVATE) $(PYTHON) -m scripts.bench $(ARGS)

bench-large:
	@scripts/setup --dev
	@$(PRIVATE) $(PYTHON) -m scripts.bench --large $(ARGS)

shots:
	@scripts/setup --dev
	@$(PRIVATE) $(PYTHON) -m scripts.shots $(ARGS)

migration:
	@test -n "$(m)" || { echo 'usage: make migration m="what changes"' >&2; exit 2; }
	@scripts/setup --dev
	@$(PYTHON) scripts/migration "$(m)"

lock:
	@scripts/setup --dev
	@scripts/lock

sample:
	@scripts/setup --dev
	@$(PRIVATE) $(PYTHON) -m scripts.sample $(ARGS)

package:
	@scripts/setup --package
	@scripts/timed package .venv-package/bin/python -I packaging/make_packages.py $(ARGS)

clean:
	rm -rf build dist .venv-package .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find aether_desktop tests migrations scripts -name __pycache__ -type d -prune -exec rm -rf {} +
