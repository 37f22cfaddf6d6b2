# The same without make: python -m venv .venv, install requirements.lock and this project into it, run scripts/checks.py.
PYTHON ?= python3
BIN := .venv/bin
RUNS := .venv/.runs
READY := .venv/.ready
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: venv demo test test-oldest snapshots docs views plugins bundle bench torture compat lock

venv: $(READY)

# What the server needs to run, in the locked versions; the checks need more.
$(RUNS): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) --constraint requirements.lock --editable .
	touch $(RUNS)

$(READY): $(RUNS)
	$(INSTALL) -r requirements.lock
	touch $(READY)

demo: $(RUNS)
	$(BIN)/meta-ads-mcp demo

test: venv
	$(BIN)/python scripts/checks.py

# The parts that touch fastmcp, with the oldest version that pyproject.toml allows, in an environment of its own.
OLDEST := .venv/oldest
test-oldest: venv
	test -x $(OLDEST)/bin/python || $(PYTHON) -m venv $(OLDEST)
	grep -v '^fastmcp' requirements.lock > $(OLDEST)/requirements.txt
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check \
		-r $(OLDEST)/requirements.txt 'fastmcp==4.1.2' 'fastmcp-slim==4.1.2' --no-deps --editable .
	$(OLDEST)/bin/python -m pytest tests/server tests/cli tests/performance

snapshots: venv
	$(BIN)/python scripts/snapshots.py

docs: venv
	$(BIN)/python scripts/docs.py

# Builds meta_ads_mcp/ui/ from views/; requires Node.
views: venv
	$(BIN)/python scripts/views.py --build

# Writes the plugin, and asks the validators of Claude Code, agentskills.io, Gemini CLI and Codex (from npm).
plugins: venv
	$(BIN)/python scripts/plugins.py
	$(BIN)/python scripts/plugins.py --validate

bundle: venv
	$(BIN)/python scripts/bundle.py

# More than an hour; writes docs/reliability.md.
torture: venv
	$(BIN)/python -m scripts.torture

# Runs other people's clients against the sandbox, from npm and PyPI; some minutes; writes docs/sandbox.md.
compat: venv
	$(BIN)/python -m scripts.compat

# Counts tokens, too: the package ships the ranks of o200k.
bench: venv
	$(INSTALL) 'bpe-openai>=0.1.4,<1'
	$(BIN)/python -m benchmarks.run

# Keeps the versions that are there; to move them: make lock UPGRADE=--upgrade
lock:
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --quiet $(UPGRADE) \
		--no-emit-index-url --no-emit-find-links --no-header --output-file requirements.lock
