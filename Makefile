# UMS. `make help` lists what there is to make.
SHELL := bash
.DEFAULT_GOAL := help

MODULES  := $(shell sed -n 's|^\t\./||p' go.work)
PACKAGES := $(patsubst %,./%/...,$(MODULES))
TOOLS    := $(CURDIR)/.tools
COMMA    := ,
SPACE    := $(subst ,, )

GOLANGCI_VERSION := v2.15.0
GOLANGCI         := $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION)

# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE     := $(shell command -v "$$(go env CC)" >/dev/null 2>&1 && [ "$$(go env CGO_ENABLED)" = 1 ] && echo -race)
COUNT    ?= 1
TESTARGS ?=
FUZZTIME ?= 10s

.PHONY: help
help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

# Not by go run, which ends Ctrl-C with an error although ums has stopped in good order.
.PHONY: run
run: ## run everything in one process, at http://localhost:8080
	go build -o bin/ums ./cmd/ums
	@bin/ums

.PHONY: test
test: ## run every test, on real engines (COUNT=2 runs each twice, TESTARGS='-run X' some)
	@$(if $(RACE),,echo "make: no C compiler, so the tests run without the race detector")
	go run ./shared/enginetest/cmd/engines -kafka -- \
		go test $(RACE) -shuffle=on -count=$(COUNT) -timeout 20m $(TESTARGS) $(PACKAGES)

.PHONY: cover
cover: ## tell how much of each module's code all the tests run
	go run ./shared/enginetest/cmd/engines -- \
		go test -timeout 20m -coverprofile=coverage.out -coverpkg=$(subst $(SPACE),$(COMMA),$(PACKAGES)) $(PACKAGES) >/dev/null
	@for m in $(MODULES); do awk -v m=github.com/glarimy/ums/$$m/ -v name=$$m -F'[: ,]' \
		'index($$1, m) == 1 { k = $$1 FS $$2 FS $$3; n[k] = $$(NF-1); if ($$NF > 0) hit[k] = 1 } \
		END { for (k in n) { all += n[k]; if (k in hit) run += n[k] } if (all) printf "%-18s %5.1f%% of %d statements\n", name, 100*run/all, all }' \
		coverage.out; done

.PHONY: lint
lint: $(GOLANGCI) ## check the rules of the house
	go mod verify >/dev/null
	$(GOLANGCI) run $(PACKAGES)
	@for m in $(MODULES); do (cd $$m && GOWORK=off go build ./... && go mod tidy -diff) || { echo "make: module $$m does not stand alone"; exit 1; }; done

$(GOLANGCI):
	@mkdir -p $(TOOLS)
	GOWORK=off GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(TOOLS)/golangci-lint $@

.PHONY: bench
bench: ## measure services/find beside its peers (about 4 minutes)
	go run ./shared/enginetest/cmd/engines -- go run ./bench/cmd/find

.PHONY: bench-search
bench-search: ## measure page 1 and page 1,000 of lists of 1,000,000 users (about 5 minutes)
	SEARCH_BENCH_USERS=1000000 go run ./shared/enginetest/cmd/engines -- \
		go test ./services/search -run '^$$' -bench Pages -benchtime 1000x -timeout 30m

.PHONY: bench-writes
bench-writes: ## measure POST /user beside a bare transaction, and how soon it is seen everywhere (about 1 minute)
	go run ./shared/enginetest/cmd/engines -disk -- go run ./bench/cmd/writes

.PHONY: bench-gateways
bench-gateways: ## measure the gateway beside nginx, HAProxy, Traefik and Caddy; writes docs/benchmarks.md (about 10 minutes)
	go run ./bench/cmd/gateways -out docs/benchmarks.md

.PHONY: safety-table
safety-table: ## run the HTTP safety cases against the gateway and nginx; writes docs/safety.md
	go run ./bench/cmd/gateways -safety -out docs/safety.md

.PHONY: bench-transfer
bench-transfer: ## import and export 1,000,000 users, and tell rate and memory (USERS=100000 for fewer, BENCHARGS=-engines)
	go run ./shared/enginetest/cmd/engines -- go run ./bench/cmd/transfer -users $(or $(USERS),1000000) $(BENCHARGS)

.PHONY: bench-firstrun
bench-firstrun: ## measure how long go run ./cmd/ums takes to answer with warm caches, and its memory
	go run ./bench/cmd/firstrun

.PHONY: conformance
conformance: ## check the contracts of the slots behind URL (http://localhost:8080)
	go run ./conformance -slot all -url $(or $(URL),http://localhost:8080)

.PHONY: secrets
secrets: ## write random secrets for compose and Kubernetes into deploy/secrets; keeps those that are there
	@deploy/make-secrets

.PHONY: edges
edges: ## write the network policies that deploy/edges.yaml comes to
	go run ./deploy/cmd/edges

.PHONY: compose-check
compose-check: secrets ## start compose on port 18080, run conformance, kill each container while users are added (BUS=kafka)
	go run ./deploy/cmd/composecheck -bus $(or $(BUS),redis) -port $(or $(PORT),18080)

.PHONY: kube-check
kube-check: ## measure what outages cost the UMS on kubectl's cluster, by NodePort, and check what they must not (about 10 minutes)
	go run ./bench/cmd/kubecheck

.PHONY: start-times
start-times: ## measure compose and Kubernetes from nothing to the first 201 (about 8 minutes)
	@deploy/start-times

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME
	@set -e; for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' $(MODULES)); do \
		for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$f); do \
			echo "$$t in $$(dirname $$f)"; go test ./$$(dirname $$f) -run '^$$' -fuzz "^$$t\$$" -fuzztime $(FUZZTIME) | tail -1; done; done

.PHONY: format
format: $(GOLANGCI) ## format the code
	$(GOLANGCI) fmt $(PACKAGES)
