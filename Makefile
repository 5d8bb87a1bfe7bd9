# Every target makes itself ready: see scripts/bootstrap.sh. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help check test demo bench fuzz soak docs cluster-up cluster-down cluster-status format generate

bootstrap := @scripts/bootstrap.sh

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

check: ## Format, lint, types, dead code, generated files, layers and unit tests (under a minute)
	$(bootstrap) check node scripts/verify.ts check

test: ## Everything: check, then tests against a real API server, then on a real node with pods, then in a browser
	$(bootstrap) browser node scripts/verify.ts test

demo: ## An update that works and one that undoes itself, on a real cluster (SCENARIO=data: with a database; SCENARIO=fleet: a hub, a signed channel and a cluster that subscribes; KEEP=1 leaves it, KUBECONFIG=... uses yours)
	$(bootstrap) node node scripts/demo.ts

docs: ## The documentation as a site, in site/dist (SERVE=1 shows it on this machine)
	$(bootstrap) docs node scripts/docs.ts $(if $(SERVE),--serve)

bench: ## One measurement of bench/, for example NAME=kube
	@test -n "$(NAME)" && test -f "bench/$(NAME).ts" || { echo "usage: make bench NAME=..., one of: $(basename $(notdir $(wildcard bench/*.ts)))" >&2; exit 2; }
	$(bootstrap) $(if $(filter faults,$(NAME)),node,server) node bench/$(NAME).ts

fuzz: ## Every parser of foreign bytes for MINUTES together (10 when absent)
	$(bootstrap) check env FUZZ_SECONDS=$$(( $(or $(MINUTES),10) * 60 / 24 )) npx vitest run --project unit test/fuzz

soak: ## Chaos for MINUTES (10 when absent): bad versions, outages, kills, frozen processes, clocks (SEED=n repeats a plan, SKIP=3,7-12 leaves events out, SHRINK=8 cuts a failing one)
	$(bootstrap) server env SOAK_MINUTES=$(or $(MINUTES),10) $(if $(SEED),SOAK_SEED=$(SEED)) $(if $(SKIP),SOAK_SKIP=$(SKIP)) $(if $(SHRINK),SOAK_SHRINK=$(SHRINK)) npx vitest run --project server test/soak

cluster-up: ## A cluster to work with, in .cluster/ (MEMBER=1 adds a second control plane)
	$(bootstrap) node node scripts/cluster.ts up

cluster-down: ## Removes it with all traces
	$(bootstrap) check node scripts/cluster.ts down

cluster-status: ## Says whether it runs and how to use it
	$(bootstrap) check node scripts/cluster.ts status

format: ## Formats the sources and sorts imports
	$(bootstrap) check npx biome check --write .

generate: ## Writes the generated files again
	$(bootstrap) check node scripts/generate.ts
