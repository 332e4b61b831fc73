# What is where: docs/building.md. On a fresh Debian 12 with the Swift toolchain, `make run` and
# `make test` install what is missing, build, and run.

SWIFT ?= swift
RELEASE := -c release --static-swift-stdlib
PACKAGES := $(shell grep -v '^\#' debian-packages.txt)
VENV := .build/venv

.PHONY: build run test test-long bench packages format

build: packages
	$(SWIFT) build $(RELEASE) --product streamhouse

run: build
	scripts/run-quickstart

test: build
	scripts/test

test-long: build
	scripts/test --long

bench: build $(VENV)/installed
	$(SWIFT) build $(RELEASE) --product Micro && .build/release/Micro
	$(VENV)/bin/python bench/ingest/run.py
	$(VENV)/bin/python bench/freshness/run.py
	$(VENV)/bin/python bench/nexmark/run.py

packages:
	@scripts/install-packages $(PACKAGES)

$(VENV)/installed: Tests/Integration/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r Tests/Integration/requirements.txt
	touch $@

format:
	$(SWIFT) format --in-place --recursive Sources Tests Package.swift
