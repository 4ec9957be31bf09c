# make alone lists the targets.
.DEFAULT_GOAL := help
GO ?= go
FUZZTIME ?= 10s

.PHONY: help run demo test lint bench fuzz torture build

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/tidegate
	$(GO) build -o bin/tidegate ./cmd/tidegate

run: ## run the service on the built-in example
	$(GO) run ./cmd/tidegate serve

demo: ## run it on a generated stream of payments
	$(GO) run ./cmd/tidegate demo

test: ## everything that must hold: format, vet, staticcheck, tests with the race detector
	scripts/test

lint: ## format, vet, staticcheck
	scripts/lint

bench: build ## the Go benchmarks and the service against echo, as a table
	scripts/bench

fuzz: ## every fuzz target for FUZZTIME (10s)
	scripts/fuzz $(FUZZTIME)

torture: build ## 1,000 rounds of SIGKILL, and 200 with Kafka: the service, pipelines
	TIDEGATE_KAFKA_KILL_ROUNDS=200 $(GO) test -count=1 -timeout 2h -run 'ServeOnKafka|PipelineKilled|PublisherKilled' ./cmd/tidegate ./stream/kafka
	TIDEGATE_KILL_ROUNDS=1000 $(GO) test -count=1 -timeout 4h -run Kill ./cmd/tidegate
