# The front door. CMake with presets does the building; what a target needs from
# Debian is installed first (scripts/packages), only where it is missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PORT ?= 1883
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: help build console run test test-all torture mutate install bench lint format fuzz coverage clean

help: ## this list
	@echo "Sallyport: who may come in to MQTT, by password or by token"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo
	@echo "  make run PORT=1884         another port"
	@echo "  make install PREFIX=/usr   another place than /usr/local (DESTDIR is honoured)"

build: ## the command line, the plugin and the daemon with its pages, in build/release
	@scripts/install-packages build
	@scripts/build-console
	@scripts/build release products

console: ## the daemon's pages alone, in console/dist
	@scripts/build-console

run: ## a Mosquitto on 127.0.0.1:1883 with the gate in it, its console, and lines to paste
	@scripts/install-packages build run
	@scripts/build-console
	@scripts/build release sallyport sallyportd sallyport_mosquitto
	@scripts/run-demo --port "$(PORT)"

test: ## every test, against the real broker and real clients
	@scripts/test

test-all: ## the long suites too
	@scripts/test --all

torture: ## kill -9 five hundred times at random moments
	@scripts/install-packages build run test
	@scripts/build release products
	@SALLYPORT_TORTURE=$${SALLYPORT_TORTURE:-500} /usr/bin/python3 tests/run.py torture

mutate: ## takes each check out in turn: a test must go red
	@scripts/install-packages build run test
	@scripts/mutate

install: ## into PREFIX, /usr/local if not given
	@scripts/install-packages build
	@scripts/build-console
	@scripts/build release products
	@scripts/install-into "$(PREFIX)" "$(DESTDIR)"

bench: ## how fast, beside others, as ratios in one run
	@scripts/install-packages build run bench
	@scripts/bench

lint: ## format, clang-tidy, shell scripts
	@scripts/install-packages build lint
	@scripts/lint

format: ## rewrite the sources as clang-format has them
	@scripts/install-packages lint
	@scripts/lint --fix-format

fuzz: ## each fuzz target for a short while
	@scripts/install-packages build fuzz
	@scripts/fuzz

coverage: ## which lines the unit tests reach
	@scripts/install-packages build fuzz
	@scripts/coverage

clean: ## remove build/ and run/
	@scripts/run-demo --remove
	@rm -rf build console/dist
