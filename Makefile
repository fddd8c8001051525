# What a developer runs. `make` alone lists it.

GO            ?= go
FUZZTIME      ?= 10s
ROWS          ?= 1000000
GOLANGCI_LINT := v2.15.0
GOVULNCHECK   := v1.9.0

# Tools are installed at a pinned version, outside of go.mod and of the checkout.
TOOLS       := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/expunge/tools
lint        := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT)/golangci-lint
vulncheck   := $(TOOLS)/govulncheck-$(GOVULNCHECK)/govulncheck

.PHONY: help demo servers test bench bench-smoke corpus lint fuzz vulncheck chaos

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: ## the sample shop: a plan, an anonymised copy, an erased customer, a receipt
	@$(GO) run ./examples/expunge demo

servers: ## installs the database servers that tests use, as far as it may
	@sh internal/testdb/install.sh
	@$(GO) run ./internal/testdb/prepare

# The race detector needs cgo, and isn't on every platform. Under it the end-to-end suites take three
# times as long: of those, only what works with several goroutines runs with it.
suites     := ./erase ./examples/expunge
concurrent := Chaos|AtOnce|Together|Workers|Meet|Turn|Paus|Throttl|Cancel|Goroutine|Wait|Deadlock|Stopped|Interrupted
test: servers ## every test; what works with several goroutines under the race detector
	@race=$$($(GO) list -race runtime >/dev/null 2>&1 && echo -race); status=0; set -x; \
	$(GO) test $$race -timeout 45m $$($(GO) list ./... | grep -v -e '/erase$$' -e '/examples/expunge$$') || status=1; \
	$(GO) test -timeout 45m $(suites) || status=1; \
	test -z "$$race" || $(GO) test $$race -timeout 45m -run '$(concurrent)' $(suites) || status=1; \
	exit $$status

# internal/bench says what is measured. ONLY='delete/mariadb' measures one row.
bench: servers ## expunge against its alternatives with ROWS rows (1000000), into bench/
	$(GO) test ./internal/bench -run '^TestBench$$' -count 1 -v -timeout 0 -args -rows $(ROWS) -only '$(ONLY)' -out '$(CURDIR)/bench'

# `make test` has the first of these among its tests.
bench-smoke: servers ## every benchmark in small, to see that it still works
	$(GO) test ./internal/bench -run '^TestBench$$' -count 1 -v -args -rows 10000
	$(GO) test -run '^$$' -bench . -benchtime 1x ./...

# `make test` has it among its tests. The schemas come from Debian's packages.
corpus: servers ## what draft makes of schemas that others wrote, as a table
	$(GO) test ./internal/corpus -run '^TestCorpus$$' -count 1 -v

fuzz: ## every fuzz target for FUZZTIME each (10s)
	@set -e; for pkg in $$($(GO) list ./...); do \
		list=$$($(GO) test -list '^Fuzz' $$pkg); \
		for target in $$(echo "$$list" | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg; \
		done; \
	done

chaos: ## the fault suite in full: tests named Chaos, with EXPUNGE_TEST_CHAOS=full
	EXPUNGE_TEST_CHAOS=full $(GO) test -count 1 -run Chaos -timeout 120m ./...

lint: $(lint) ## golangci-lint
	$(lint) run ./...

vulncheck: $(vulncheck) ## govulncheck, where its database can be reached
	$(vulncheck) ./...

$(lint):
	GOBIN=$(@D) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT)

$(vulncheck):
	GOBIN=$(@D) $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)
