# The manual of this repository: `make` lists what it can do.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup build run test test-faults check bench check-http format hooks clean

SWIFT ?= swift
# The program carries Swift's libraries: it runs where there are none, and calls them directly. macOS has them in the system.
RELEASE := --configuration release $(if $(filter Linux,$(shell uname -s)),--static-swift-stdlib)

help: ## Show this list
	@printf 'Targets:\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing (PostgreSQL, Redis, libpq, zlib); quick when all is there
	@scripts/setup

build: setup ## Build the program: .build/release/cortex
	$(SWIFT) build $(RELEASE) --product cortex

run: build ## Migrate the example project to an embedded PostgreSQL and show what to try next
	@scripts/run-example

# So many tests at a time: they start real servers, and waits have limits. Swift Testing would start all at once.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4

test: ## Build and run all tests
	@scripts/setup --tests
	scripts/build-debug
	$(SWIFT) test --skip-build --disable-xctest

test-faults: ## Run all tests with their long runs: every position of a fault, thirty kills, large hostile trees (more than an hour)
	@scripts/setup --tests
	scripts/build-debug
	CORTEX_TEST_EFFORT=long $(SWIFT) test --skip-build --disable-xctest
	CORTEX_TEST_ALONE=1 SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=1 $(SWIFT) test --skip-build --disable-xctest \
		--filter 'ServiceOutageTests|RollingTests|OverloadTests'

check: setup ## Check format, layers, forbidden patterns, generated files and imports
	@scripts/check

bench: ## Measure against psql \copy, pgbench, redis-benchmark, nginx and Express (20 min); ARGS=--full loads a million tasks
	@scripts/setup --bench
	$(SWIFT) build $(RELEASE) --package-path Benchmarks --scratch-path .build \
		--disable-build-manifest-caching
	@Benchmarks/bench $(ARGS)
	@.build/release/measure-clients 5 2 Benchmarks/results
	@.build/release/measure-relay 20 1000 Benchmarks/results
	@Benchmarks/serving
	@Benchmarks/scale

check-http: build ## Attack the service from outside: schemathesis (PyPI) and slowhttptest; some minutes
	@Benchmarks/check-http

format: ## Format all Swift files in place
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests $(wildcard Benchmarks)

hooks: ## Run make check's quick part before every commit
	@git config core.hooksPath scripts/hooks
	@printf 'git runs scripts/hooks/pre-commit from now on; git config --unset core.hooksPath undoes it\n'

clean: ## Remove what was built; data under .cortex stays
	rm -rf .build
