# Every tool's version is pinned here, and nowhere else.
GOLANGCI_LINT_VERSION := v2.15.0
GOVULNCHECK_VERSION   := v1.9.0

export CGO_ENABLED ?= 0

BIN   := bin
TOOLS := $(CURDIR)/.cache/tools
FUZZTIME ?= 20s
SEQUENCES ?= 10000
CUTS ?= 30000
KILLS ?= 150
SOAK ?= 30m

# What reads bytes that anybody can send, and bytes that a disk may have spoiled.
INTAKE := ./ingest FuzzFraming ./ingest FuzzSignedHeaders ./ingest FuzzSignatureList ./ingest FuzzHexSignature \
	./schema/ontop FuzzDecode ./ingest FuzzSegment ./ingest FuzzDamage ./ingest FuzzRecord

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z\/]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: engine
engine: ## Fetch the embedded ClickHouse engine once, and check it
	@command -v npm >/dev/null || { echo "make engine: npm is needed to fetch the engine; install Node.js with npm"; exit 1; }
	@go run ./schema/engine/fetch

.PHONY: build
build: ## Build the programs into bin/
	@go build -trimpath -o $(BIN)/ ./cmd/tieout ./cmd/sim

.PHONY: demo
demo: engine build ## Watch the whole job on this machine, with nobody's account
	@$(BIN)/sim demo --exit

.PHONY: test
test: engine ## Run all tests
	go test -timeout 20m ./...

.PHONY: test/sequences
test/sequences: ## Play SEQUENCES random sequences of invoices, faults, crashes and edits through posting
	TIEOUT_SEQUENCES=$(SEQUENCES) go test -count=1 -timeout 30m -v -run '^TestLoader_Sequences$$' ./load

.PHONY: test/durability
test/durability: ## Cut the power CUTS times under the journal, kill its process KILLS times, and let its disk fail
	TIEOUT_JOURNAL_CUTS=$(CUTS) TIEOUT_JOURNAL_KILLS=$(KILLS) go test -count=1 -timeout 30m -v -run '^TestJournal_(PowerCut|Kill|FailingDisk|Damage)' ./ingest

.PHONY: test/fuzz
test/fuzz: FUZZTIME = 60s
test/fuzz: ## Fuzz what reads a webhook and the journal for FUZZTIME each, two at a time
	@printf '%s\n' $(INTAKE) | FUZZTIME=$(FUZZTIME) xargs -P 2 -n 2 ./.ci/fuzz

.PHONY: test/race
test/race: engine ## Run all tests with the race detector (needs a C compiler)
	TIEOUT_KILL_ROUNDS=20 TIEOUT_JOURNAL_CUTS=1000 TIEOUT_JOURNAL_KILLS=20 CGO_ENABLED=1 go test -race -timeout 60m ./...

.PHONY: test/clients
test/clients: build ## Drive the QuickBooks simulator with clients that others wrote
	@SIM_BIN=$(CURDIR)/$(BIN)/sim load/quickbooks/quickbookstest/clients/run.sh

.PHONY: lint
lint: $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION) ## Check style and look for mistakes
	$< run ./...

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION) ## Format the code
	$< fmt ./...

.PHONY: bench
bench: engine ## Measure, and print the table of the README
	@go run ./cmd/internal/bench

.PHONY: soak
soak: engine ## Run the program for SOAK under load and noise: memory must stay flat and nothing be lost
	@go run ./cmd/internal/soak -for $(SOAK)

.PHONY: fuzz
fuzz: ## Fuzz every parser of foreign bytes for FUZZTIME each, two at a time
	@go list -f '{{.ImportPath}} {{range .TestGoFiles}}{{$$.Dir}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$.Dir}}/{{.}} {{end}}' ./... | \
	while read -r package files; do \
	  [ -n "$$files" ] || continue; \
	  for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$files); do \
	    echo "$$package $$target"; \
	  done; \
	done | FUZZTIME=$(FUZZTIME) xargs -P 2 -n 2 ./.ci/fuzz

.PHONY: verify
verify: ## Prove that generated pages and go.mod are current
	go mod tidy -diff
	go test ./cmd/internal/config -run TestReference -count=1

.PHONY: vuln
vuln: $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION) ## Look for known vulnerabilities (asks vuln.go.dev)
	$< ./...

$(TOOLS)/golangci-lint-%:
	@mkdir -p $(TOOLS)
	@GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$*
	@mv $(TOOLS)/golangci-lint $@

$(TOOLS)/govulncheck-%:
	@mkdir -p $(TOOLS)
	@GOBIN=$(TOOLS) go install golang.org/x/vuln/cmd/govulncheck@$*
	@mv $(TOOLS)/govulncheck $@
