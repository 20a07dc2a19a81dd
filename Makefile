# `make run` and `make test` work from an empty clone; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := src tests benchmarks tools
# What is about Postfix, the spool, the wire, the service or the words of commands is the same on any database: `make soak`
# runs it on PostgreSQL too.
ANY_DATABASE := $(wildcard $(addprefix tests/integration/test_,postfix.py postfix_*.py signature_*.py p1_*.py p15_*.py p6_*.py \
	p7_*.py crash_*.py handler_*.py limits_*.py loop.py no_dns.py service_*.py start_*.py unshunt_*.py peer_*.py \
	hundred_*.py reports_*.py archives.py digest_read_*.py personal_*.py autoresponses.py automatic_*.py bounce_life.py) \
	tests/unit/cli $(addprefix tests/chaos/test_,kill_at_each_step.py kill_ten_thousand.py digests_killed.py second_instance.py))
ON_DATABASE := $(addprefix tests/unit/,store actions runners server) \
	$(filter-out $(ANY_DATABASE),$(wildcard tests/chaos/test_*.py tests/integration/test_*.py))
# What decides is pure, so that every branch of it can be tried, and is: by its own tests, which take twice as long
# where branches are counted. All others are run by `make test`.
PURE := $(addprefix tests/unit/,mail texts templates lists)
COVERED := --cov=mlcore.mail --cov=mlcore.lists --cov=mlcore.texts --cov-branch --cov-fail-under=100 \
	--cov-report=term-missing:skip-covered
LOCK := --generate-hashes --allow-unsafe --strip-extras --quiet --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DELETE_ON_ERROR:
.PHONY: help venv dev packages run test test-units test-servers test-postgresql check machines system soak bench bench-beside lock example clean

help:
	@echo 'make run      a server to try things out (Ctrl-C stops it)'
	@echo 'make test     all tests but the long ones, on SQLite and PostgreSQL'
	@echo 'make check    format, lint, types, imports, and every branch of what decides'
	@echo 'make system   docs/install.md and the service in a Debian with a real systemd (as root)'
	@echo 'make soak     the long tests'
	@echo 'make bench    measurements'
	@echo 'make bench-beside   mlcore and GNU Mailman in the same run (an hour, quiet machine)'
	@echo 'make venv     .venv with what mlcore needs to run'
	@echo 'make lock     newest versions of all dependencies into requirements/'
	@echo 'make example  etc/mlcore.cfg from the code'
	@echo 'make clean    away with .venv, caches and var'

# A stamp is newer than what was installed from: nothing is fetched twice, and nothing at all offline.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'mlcore needs Python 3.11 or newer: install it and run make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'This Python has no venv: run apt-get install python3-venv (or your system'"'"'s like)' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.txt requirements/build.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(PIP) install --require-hashes --no-build-isolation -r requirements/dev.txt
	@touch $@

venv: $(VENV)/.run

dev: $(VENV)/.dev

packages:
	@tools/system-packages postfix postfix-lmdb postgresql strace mblaze libmime-tools-perl

run: venv
	@tools/demo-config var
	@exec $(BIN)/mlcore -C var/etc/mlcore.cfg start --foreground --demo

# All of it on SQLite, and on PostgreSQL what comes near a database. All at the same time: most of it waits.
test: dev packages
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target --keep-going test-servers test-units test-postgresql

test-units: dev packages
	$(BIN)/pytest -m 'not soak and not system' --ignore=tests/integration --ignore=tests/chaos \
		$(if $(CHECKED),$(addprefix --ignore=,$(PURE)))

test-servers: dev packages
	$(BIN)/pytest -m 'not soak and not system' tests/integration tests/chaos

test-postgresql: dev packages
	MLCORE_TEST_DATABASE=postgresql $(BIN)/pytest -m 'not soak and not system' $(ON_DATABASE)

check: dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/pytest -p randomly $(COVERED) $(PURE)

machines:
	@tools/system-packages debootstrap systemd-container

system: dev machines
	$(BIN)/pytest -m 'system and not soak' tests/system

soak: dev packages machines
	$(BIN)/pytest -m soak
	MLCORE_TEST_EXAMPLES=soak $(BIN)/pytest -m 'not soak and not system' tests/unit tests/property
	MLCORE_TEST_DATABASE=postgresql $(BIN)/pytest -m 'not system' $(ANY_DATABASE)

bench: dev
	for row in lmtp_in spool database render smtp_out whole_way command_line; do $(BIN)/python benchmarks/$$row.py || exit; done

bench-beside: dev
	$(BIN)/python benchmarks/beside.py

lock: $(VENV)/.made
	$(PIP) install pip-tools
	$(BIN)/pip-compile $(LOCK) --upgrade --output-file requirements/build.txt requirements/build.in
	$(BIN)/pip-compile $(LOCK) --upgrade --output-file requirements/run.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --upgrade --extra dev --constraint requirements/run.txt \
		--output-file requirements/dev.txt pyproject.toml

example: venv
	$(BIN)/python -m mlcore.config.describe > etc/mlcore.cfg

clean:
	rm -rf $(VENV) var build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -rf src/*.egg-info
