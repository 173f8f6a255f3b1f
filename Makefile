# The commands people use. Each sets up what it needs; the thinking is in scripts/.
.DEFAULT_GOAL := help
PORT ?= 8000
CHROMIUM ?= /usr/bin/chromium
find_python = $$(PYTHON="$(PYTHON)" sh scripts/find_python.sh)
python := .venv/bin/python
pytest := $(python) -m pytest

.PHONY: help setup runtime run test sweep e2e check torture bench score screenshots

help: ## show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## make or refresh .venv with everything for working on the code
	@p=$(find_python) && "$$p" scripts/setup.py dev

runtime: # only what running needs
	@p=$(find_python) && "$$p" scripts/setup.py runtime

run: runtime ## set up, migrate, and serve on http://127.0.0.1:8000 (PORT=… for another port)
	@PORT="$(PORT)" $(python) scripts/serve.py

test: setup ## the fast tests, on SQLite or on DATABASE_URL
	$(pytest) -n auto -m "not sweep and not e2e and not torture" $(ARGS)

sweep: setup ## every route, role and state; hostile text; numbers of queries
	$(pytest) -n auto -m sweep $(ARGS)

e2e: setup ## journeys in a real browser (CHROMIUM=… for another than Debian's)
	CHROMIUM="$(CHROMIUM)" DJANGO_ALLOW_ASYNC_UNSAFE=1 $(pytest) -n 2 -m e2e $(ARGS)

check: setup ## format, lint, types, templates, architecture, migrations, deployment
	@$(python) scripts/check.py

torture: setup ## kills, outages and crowds; by hand, takes long
	$(pytest) -m torture $(ARGS)

bench: setup ## speed, as ratios to an empty page
	@$(python) scripts/bench.py

score: setup ## how well the importer reads a folder (DOCS=folder, and GOLD=folder of notes made by hand)
	@$(python) scripts/score.py $(DOCS) $(GOLD) $(ARGS)

screenshots: setup ## take the pictures in docs/screenshots anew (CHROMIUM=… for another than Debian's)
	@CHROMIUM="$(CHROMIUM)" $(python) scripts/screenshots.py
