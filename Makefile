# make run: a living forum.  make affected: tests of a change.  make quick: most tests.  make test: the tests.  make check: everything that must hold.
PORT ?= 8000
PYTHON ?= python3
BIN = .venv/bin
# Always the demo's own file: `db upgrade` would change the schema of a real forum whose address is in the environment.
DEMO = FORUM_DATABASE_URL= FORUM_DEMO=1 FORUM_LOG=$${FORUM_LOG:-off} $(BIN)/flask --app wsgi
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test quick affected check format lint types contracts templates lock messages icons fonts bench trials clean

run: .venv/run
	@$(DEMO) db upgrade
	@$(DEMO) demo
	@FORUM_URL=$${FORUM_URL:-http://127.0.0.1:$(PORT)} $(DEMO) serve --port $(PORT)

test: .venv/dev
	$(BIN)/pytest -n 2 --dist worksteal

# While working: one database, no browser, and nothing that goes through the whole forum. `make check` has the last word.
quick: .venv/dev
	$(BIN)/pytest -n 2 --dist worksteal --database=sqlite -m "not browser and not thorough"

# The same for what a change touches, with long walks: seconds to three minutes, longer for what most rooms use.
affected: .venv/dev
	$(BIN)/pytest -n 2 --dist worksteal --database=sqlite -m "not browser" $$($(BIN)/python .ci/affected.py)

check: format lint types contracts templates test

format: .venv/dev
	$(BIN)/ruff format --check .

lint: .venv/dev
	$(BIN)/ruff check .

types: .venv/dev
	$(BIN)/mypy

contracts: .venv/dev
	$(BIN)/lint-imports

templates: .venv/dev
	$(BIN)/djlint templates --profile=jinja --lint --quiet

bench: .venv/dev
	$(BIN)/python -m tests.bench

# Kills, locks, full disks, crowds; TRIALS="kill-workers --quick --seed 7" for some of it.
trials: .venv/dev
	$(BIN)/python -m tests.trials $(TRIALS)

# The lock files, made anew from pyproject.toml; they name no index.
lock: .venv/dev
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-emit-find-links --python-version 3.11 --group dev pyproject.toml -o requirements-dev.txt

# The catalogues of translations, brought up to date with the words of the code.
messages: .venv/dev
	$(BIN)/python .ci/messages.py

# The icon sprite, built from lucide-static.
icons:
	npm install --no-save lucide-static
	$(PYTHON) .ci/icons.py node_modules/lucide-static

# The typefaces of the design; a reader's own serif and sans serve without them.
fonts:
	npm install --no-save @fontsource-variable/literata @fontsource-variable/public-sans
	$(PYTHON) .ci/fonts.py node_modules/@fontsource-variable

clean:
	rm -rf .venv var node_modules

.venv/made:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run: .venv/made requirements.txt
	$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/dev: .venv/made requirements-dev.txt
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@ .venv/run
