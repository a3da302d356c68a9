# Firebreak, from a bare Debian 12 to a running demo. `make help` lists the targets; each installs and
# brings up what it needs, in any order. The work is in e2e/; this file only says what depends on what.

SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
CTL := e2e/cluster/ctl

# A fresh clone hits the compiler cache of the one before.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export JOBS

.PHONY: help deps build image cluster install uninstall cluster-down unit tsan test crash demo bench fresh clean

help: ## this list
	@echo 'Firebreak: make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | column -t -s '|'
	@echo
	@echo '  Set JOBS=N for the number of compile jobs, KEEP=1 to leave the demo running,'
	@echo '  E2E_USE_EXISTING_CLUSTER=1 and KUBECONFIG to use a cluster of your own,'
	@echo '  FIREBREAK_CACHE for where built images and binaries are kept ($${HOME}/.cache/firebreak).'

deps: ## install what is missing to build and test (Debian 12)
	@e2e/deps

build: deps ## the release binary: build/release/firebreak
	@cmake --preset release --log-level=WARNING >/dev/null
	@cmake --build build/release -j $(JOBS) --target firebreak

image: build ## the container image: build/image/firebreak.tar
	@e2e/image

cluster: deps ## a Kubernetes on this machine: build/cluster/kubeconfig
	@$(CTL) up

install: image cluster ## the chart with this image and every capability on, on that cluster
	@e2e/install

uninstall: ## take the chart off again; nothing happens when there is none
	@e2e/uninstall

cluster-down: ## stop the cluster; nothing happens when there is none
	@$(CTL) down

unit: deps ## unit tests under the address and undefined-behaviour sanitizers
	@e2e/unit asan-ubsan

tsan: deps ## unit tests of kube/ and control/ under the thread sanitizer
	@e2e/unit tsan kube control

test: deps ## everything: unit tests, then the scenarios on a cluster of their own
	@e2e/run $(SCENARIOS)

crash: image ## the operator, killed before and after each of its calls, on a cluster of its own
	@tests/crash/run $(STORIES)

demo: image ## the 2018 console breach, replayed and closed, on a cluster of its own
	@E2E_SLOT=demo e2e/demo/run

bench: build ## Firebreak beside a controller-runtime program, same run (an hour; BENCH=--main: 25 minutes)
	@tests/bench/run $(BENCH)

fresh: ## deps, build and unit in a bare Debian 12 (chroot), as a newcomer would
	@e2e/fresh

clean: ## stop the clusters of this checkout and remove build/
	@for slot in "" test demo crash interrupt bench; do $(CTL) --slot "$$slot" down || exit 1; done
	@rm -rf build
