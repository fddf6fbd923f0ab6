# Everything goes through the command line of the package, so that it also works without make (see README.md).
PYTHON := $(shell command -v python3.11 || command -v python3)
VENV := .venv/bin/python
INSTALLED := .venv/.installed

.PHONY: book test lab clean

book: $(INSTALLED)
	@$(VENV) -m helpers book

test: $(INSTALLED)
	@$(VENV) -m helpers test

lab: $(INSTALLED)
	@$(VENV) -m helpers lab

$(INSTALLED): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info[:2] == (3, 11) else "Python 3.11 is needed; this is " + sys.version.split()[0] + ".")'
	@test -x $(VENV) || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages (once, about two minutes) ..."
	@$(VENV) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(VENV) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(INSTALLED)

clean:
	rm -rf outputs data_synthetic/store
