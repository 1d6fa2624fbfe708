# Everything a newcomer needs: `make demo` shows the whole way through, `make test` proves it. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := rig,hub,worker,render,dev
READY := $(VENV)/.ready-$(shell cat pyproject.toml requirements/lock.txt | cksum | cut -d' ' -f1)

DEMO_ARGS ?=
ONCE ?=
PYTEST_ARGS ?= -n auto
PYTHON_3_13 ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python3.13) $(shell command -v python3.13))
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: demo test lint bench setup services training picamera homeassistant lock clean

setup: $(READY)

$(READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (make PYTHON=python3.12 …)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv module is missing: installing Debian's python3-venv"; \
		$(SUDO) apt-get update -q && $(SUDO) apt-get install -q -y --no-install-recommends python3-venv; } || \
		{ echo "Please install it and call make again:  apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements/lock.txt --editable '.[$(EXTRAS)]'
	@rm -f $(VENV)/.ready-*
	@touch $@

demo: setup
	$(BIN)/grimace-demo $(if $(ONCE),--once --seconds 20) $(DEMO_ARGS)

test: setup
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks

# Debian packages for the tests that use real servers and a real browser.
services:
	$(SUDO) apt-get update -q
	DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -q -y --no-install-recommends \
		mosquitto mosquitto-clients rabbitmq-server postgresql chromium ffmpeg libcap-dev
	command -v npm >/dev/null || DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -q -y --no-install-recommends nodejs npm

# PyTorch and what else training needs; the tests of training skip without it.
training: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements/lock.txt --editable '.[$(EXTRAS),train]'

# picamera2 from PyPI, for the simulated camera (`grimace-rig run --camera sim`); one of its dependencies is compiled here.
picamera: setup
	[ -e /usr/include/sys/capability.h ] || { $(SUDO) apt-get update -q && \
		DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -q -y --no-install-recommends libcap-dev gcc python3-dev; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements/lock.txt --editable '.[$(EXTRAS),picamera]'

# Home Assistant's own schemas, to check what a rig tells it. They need a newer Python than the rest.
homeassistant: build/homeassistant/.ready

build/homeassistant/.ready: requirements/homeassistant.txt
	@[ -n "$(PYTHON_3_13)" ] || { echo "Python 3.13 is needed (make PYTHON_3_13=/path/to/python3.13 homeassistant)"; exit 1; }
	$(PYTHON_3_13) -m venv --clear build/homeassistant
	build/homeassistant/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@touch $@

# Resolve the pinned set anew after a change of pyproject.toml.
lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra rig --extra picamera --extra hub --extra worker --extra render --extra train --extra dev \
		--universal --python-version 3.11 --no-annotate --no-header --quiet --output-file requirements/lock.txt

clean:
	rm -rf $(VENV) build
