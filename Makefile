# `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s
PKG ?= ./...
FAULTS ?= 200
# Pinned here and not in go.mod: a tool's dependencies are not ours.
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
CYCLONEDX := go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
# Without G115 (sizes that are checked before, hashes that are meant to wrap), G304 (files that the administrator names), G404 (chance that guards nothing: jitter).
GOSEC := go run github.com/securego/gosec/v2/cmd/gosec@v2.30.0
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: help build demo test test-short check race chaos fuzz fuzz-short reproducible bench bench-go model lint services clean licences sbom secure

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/jiesu, one static binary
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)" -o bin/jiesu ./cmd/jiesu

demo: build ## Build and run the whole product with sample data, nothing else installed
	bin/jiesu demo

test: ## Everything: services, checks, all tests under the race detector; nothing is skipped
	@bash .ci/services run $(MAKE) --no-print-directory check race

test-short: ## Quick tests without services; what needs one is skipped
	@CI= go test -short $(PKG)

check: ## gofmt, vet, staticcheck, gosec, go.mod, licences
	@test -z "$$(gofmt -l .)" || { echo "not formatted (gofmt -w):"; gofmt -l .; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...
	$(GOSEC) -quiet -exclude=G115,G304,G404 ./...
	go mod tidy -diff
	go mod verify
	@bash .ci/licences > /dev/null

# Long tests of one goroutine, in which the race detector finds nothing and takes several times as long: they run without it.
LONE := ^Test(FewOfACitysComplaintsAreAlikeByChance|TrainingIsTheSameToTheByte|TheFrozenBatchesAreUnderstood|ReportCounts|ReportIsReadByPeopleAndScripts|NoTwoTextsAreNearlyTheSame|ProgressEndsAtTotal)$$|^TestRandomTalksLoseNothing$$|^TestStoreOnSQLite$$/^(SearchOfCommonWords|LedgerModel|AlikeAmongMany|Pages)$$

# Code that runs within one goroutine and isn't ours: SQLite (C in Go, its memory is not the collector's, so the race detector looks at every access and can find
# nothing) and a parser. The last flag counts. The driver around SQLite, where goroutines meet, stays under the detector.
CALM := modernc.org/sqlite/lib modernc.org/libc/... text/template/parse
CALMLY := $(foreach package,$(CALM),-gcflags='$(package)=-race=false')

race: # The tests of `make test`. Real services keep state that the test cache does not see, hence -count=1.
	go test -race $(CALMLY) -count=1 -timeout 30m -skip '$(LONE)' $(PKG)
	go test -count=1 -timeout 30m -run '$(LONE)' ./bot ./classifier/train ./integrations/store

chaos: ## Two hundred faults under load (processes, PostgreSQL and Redis killed, stopped, frozen, cut off; disk full, clock stepped): nothing lost, nothing doubled
	@bash .ci/services run env JIESU_TEST_FAULTS=$(FAULTS) go test ./cmd/jiesu -run NothingAcknowledged -v -count=1 -timeout 60m

fuzz: ## Every fuzz target for ten minutes; what is new in the caches is to be added to testdata/fuzz by .ci/corpus
	@bash .ci/fuzz 10m

fuzz-short: ## Every fuzz target for FUZZTIME (10s)
	@bash .ci/fuzz $(FUZZTIME)

bench: build ## The product against an echo bot and raw inserts, on SQLite and a PostgreSQL of its own; table, and a page with charts in bench/
	@bash .ci/services run bash .ci/bench bench

bench-go: ## Benchmarks of single functions, with allocations
	go test -run '^$$' -bench . -benchmem $(PKG)

model: build ## Train classifier/model/jiesu.model on classifier/corpus; same corpus, same bytes
	bin/jiesu train --in classifier/corpus --out classifier/model/jiesu.model
	go test ./classifier -run PlaceWeights -weigh

lint: ## golangci-lint if it is installed, else vet and staticcheck
	@if command -v golangci-lint >/dev/null; then golangci-lint run; \
	else echo "golangci-lint is not installed: vet and staticcheck only"; go vet ./...; $(STATICCHECK) ./...; fi

licences: ## The licence of every module in the binary; fails on one that a city can't work with
	@bash .ci/licences

sbom: ## dist/sbom.json: every module in the binary with its licence (CycloneDX)
	@mkdir -p dist
	$(CYCLONEDX) app -json -licenses -main cmd/jiesu -output dist/sbom.json .

secure: check ## The checks, and govulncheck, which asks vuln.go.dev
	timeout 600 $(GOVULNCHECK) ./...

reproducible: ## Build twice in two folders with empty caches: the same bytes
	@bash .ci/reproducible

services: ## Start what the tests need, print what to export, stop on Ctrl-C
	@bash .ci/services hold

clean: ## Remove what was built
	rm -rf bin
