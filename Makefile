# make run     build everything and serve on :8080 (LISTEN=ADDR for another)
# make build   one self-contained program: bin/ingestdoctor
# make test    everything: vet, tests, the core as WebAssembly, a real browser
# make test-obs  OBS, without a window, pushes a test stream (installs OBS: 65 MB)
# make lint    gofumpt, vet, staticcheck
# make bench   speed beside the peers, in one run
# make fuzz    every fuzz target for FUZZTIME (10m)
# make soak    PUSHES (50) test streams at once for SOAK (5m), beside idle, half-open and garbled connections

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

GO       ?= go
BUILD    := .build
DIST     := static/dist
LISTEN   ?= :8080
FUZZTIME ?= 10m
SOAK     ?= 5m
PUSHES   ?= 50
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

GOROOT := $(shell $(GO) env GOROOT)
GOVER  := $(shell $(GO) env GOVERSION)
# the Go sources below some folders, tests left out
gosrc   = $(shell find $(1) -name '*.go' -not -name '*_test.go' 2>/dev/null)

.PHONY: build run generate assets test test-go test-wasm test-browser test-obs lint bench fuzz soak clean

build: bin/ingestdoctor

run: build
	bin/ingestdoctor serve --listen $(LISTEN)

$(BUILD):
	mkdir -p $@

# ---- pages ----

generate: $(BUILD)/templ.stamp

$(BUILD)/templ.stamp: $(wildcard web/page/*.templ) go.mod | $(BUILD)
	$(GO) tool templ generate -path web/page
	touch $@

# ---- the browser's programs ----

# Go 1.26's new garbage collector is 16 kB more to download for each of them and made for
# many cores; a toolchain that no longer has the old one builds with what it has.
WASMENV := GOOS=js GOARCH=wasm $(shell GOEXPERIMENT=nogreenteagc $(GO) version >/dev/null 2>&1 && echo GOEXPERIMENT=nogreenteagc)

# Inlining only where every byte of a recording or a log is looked at: about 6 % less to
# download at the same speed.
WASMFLAGS      := -trimpath -ldflags='-s -w' -gcflags='all=-l'
EXPLAINERFLAGS := $(WASMFLAGS) -gcflags='ingestdoctor/wasm/explain='
VALIDATORFLAGS := $(WASMFLAGS) -gcflags='ingestdoctor/wasm/flv=' -gcflags='ingestdoctor/wasm/check='
# Brotli's level. 11 is what ships; 5 makes a build of a few seconds while working on a page.
BROTLI         ?= 11

# A new toolchain rebuilds all programs: they must match its wasm_exec.js.
$(BUILD)/$(GOVER).stamp: | $(BUILD)
	rm -f $(BUILD)/go*.stamp
	touch $@

WASM_DEPS := $(BUILD)/$(GOVER).stamp go.mod go.sum Makefile

$(BUILD)/app.wasm: $(call gosrc,wasm web/ui) $(WASM_DEPS)
	$(WASMENV) $(GO) build $(WASMFLAGS) -o $@ ./wasm/app

$(BUILD)/validator.wasm: $(call gosrc,wasm) $(WASM_DEPS)
	$(WASMENV) $(GO) build $(VALIDATORFLAGS) -o $@ ./wasm/validator

$(BUILD)/linter.wasm: $(call gosrc,wasm) $(WASM_DEPS)
	$(WASMENV) $(GO) build $(WASMFLAGS) -o $@ ./wasm/linter

$(BUILD)/explainer.wasm: $(call gosrc,wasm) $(WASM_DEPS)
	$(WASMENV) $(GO) build $(EXPLAINERFLAGS) -o $@ ./wasm/explainer

# Compressed copies of all that is served; only what changed is packed again.
assets: $(DIST)/manifest.json

$(BUILD)/brotli-$(BROTLI).stamp: | $(BUILD)
	rm -f $(BUILD)/brotli-*.stamp
	touch $@

$(DIST)/manifest.json: $(BUILD)/app.wasm $(BUILD)/validator.wasm $(BUILD)/linter.wasm $(BUILD)/explainer.wasm $(BUILD)/brotli-$(BROTLI).stamp \
		$(shell find static -type f -not -path '$(DIST)/*' -not -name '*_test.go' 2>/dev/null)
	$(GO) run ./static/build -brotli $(BROTLI) app.wasm=$(BUILD)/app.wasm validator.wasm=$(BUILD)/validator.wasm \
		linter.wasm=$(BUILD)/linter.wasm explainer.wasm=$(BUILD)/explainer.wasm wasm_exec.js=$(GOROOT)/lib/wasm/wasm_exec.js
	@touch $@

# ---- the program ----

# The browser's programs get the version from the server: a commit that does not
# touch them leaves them as they are.
LDFLAGS := -s -w -X main.version=$(VERSION) -X ingestdoctor/wasm/analyze.Version=$(VERSION)

bin/ingestdoctor: $(BUILD)/templ.stamp $(DIST)/manifest.json $(call gosrc,server web/page web/ui wasm static content) \
		$(shell find content -type f 2>/dev/null) go.mod go.sum
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='$(LDFLAGS)' -o $@ ./server

# ---- tests ----

# Tools that tests run, as COMMAND:DEBIAN-PACKAGE, or /FILE:DEBIAN-PACKAGE for what is no command (* stands for anything).
NGINX_MODS  := /usr/lib/nginx/modules
GSTREAMER   := /usr/lib/*/gstreamer-1.0
TEST_TOOLS  := chromium:chromium ffmpeg:ffmpeg node:nodejs npm:npm postgres:postgresql nginx:nginx \
	$(NGINX_MODS)/ngx_rtmp_module.so:libnginx-mod-rtmp $(NGINX_MODS)/ngx_stream_module.so:libnginx-mod-stream \
	gst-launch-1.0:gstreamer1.0-tools $(GSTREAMER)/libgstflv.so:gstreamer1.0-plugins-good \
	$(GSTREAMER)/libgstrtmp2.so:gstreamer1.0-plugins-bad $(GSTREAMER)/libgstx264.so:gstreamer1.0-plugins-ugly
BENCH_TOOLS := $(TEST_TOOLS) flvmeta:flvmeta mediainfo:mediainfo wrk:wrk nginx:nginx-light

# $(call need,TOOLS) installs what is missing, or says what to install.
define need
missing=; for t in $(1); do command -v "$${t%%:*}" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$${t%%:*}" >/dev/null || \
	{ [[ "$$t" == /* ]] && compgen -G "$${t%%:*}" >/dev/null; } || missing+=" $${t##*:}"; done; \
if [ -n "$$missing" ]; then \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
		echo "Missing:$$missing. Install it and run make again (Debian: sudo apt-get install$$missing)." >&2; exit 1; \
	fi; \
fi
endef

test: test-go test-wasm test-browser

test-go: bin/ingestdoctor
	@$(call need,$(TEST_TOOLS))
	$(GO) vet ./...
	INGESTDOCTOR_BUILT=1 $(GO) test $$($(GO) list ./... | grep -v '/web/e2e$$')

# The core's own suite again, as WebAssembly. It builds many recordings in memory: collecting
# less often saves time.
test-wasm:
	@$(call need,$(TEST_TOOLS))
	GOGC=400 GOOS=js GOARCH=wasm $(GO) test -exec '$(GOROOT)/lib/wasm/go_js_wasm_exec' \
		$$($(GO) list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./wasm/... | grep -v '/wasm/app$$')

# The product in a real browser.
test-browser: bin/ingestdoctor
	@$(call need,$(TEST_TOOLS))
	INGESTDOCTOR_BIN=$(CURDIR)/bin/ingestdoctor $(GO) test -count=1 -timeout 30m ./web/e2e

# OBS without a window, for those who have 65 MB for it.
test-obs:
	@$(call need,obs:obs-studio Xvfb:xvfb)
	INGESTDOCTOR_OBS=1 $(GO) test -count=1 -v -run '^TestOBS$$' ./server/internal/live

lint: $(BUILD)/templ.stamp
	@out=$$($(GO) tool gofumpt -l $$(git ls-files '*.go' | grep -v '_templ\.go$$')); \
		if [ -n "$$out" ]; then echo "gofumpt would change:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	GOOS=js GOARCH=wasm $(GO) vet ./wasm/... ./web/ui
	$(GO) tool staticcheck ./...

bench: bin/ingestdoctor
	@$(call need,$(BENCH_TOOLS))
	INGESTDOCTOR_BIN=$(CURDIR)/bin/ingestdoctor $(GO) run ./web/e2e/bench

# Each target in turn; a crash leaves its input below the package's testdata/fuzz.
fuzz:
	@for dir in $$(grep -rl '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | cut -c6-); do \
			echo "== $$dir $$target ($(FUZZTIME))"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$dir"; \
		done; \
	done

soak: bin/ingestdoctor
	@$(call need,ffmpeg:ffmpeg)
	@$(GO) run ./server/internal/soak -program bin/ingestdoctor -for $(SOAK) -pushes $(PUSHES)

clean:
	rm -rf bin $(BUILD)
	find $(DIST) -mindepth 1 -not -name README.md -delete
