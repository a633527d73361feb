# `make` builds and serves the page; `make test` runs every test. Each installs what it needs, once.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: serve test dist bench conformance conformance-spark fuzz clean

CACHE := $(HOME)/.cache/clickfold
BINDGEN := 0.2.130
PACK := 0.15.1
DUCKDB := 2.0.0
FUZZ := 0.13.2
TOOLS := $(CACHE)/wasm-bindgen-$(BINDGEN)-wasm-pack-$(PACK)
VENV := $(CACHE)/duckdb-$(DUCKDB)
APT := -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300
PORT ?= 8080
export CARGO_NET_RETRY := 10
export PATH := $(TOOLS)/bin:$(CURDIR)/www/node_modules/.bin:$(PATH)

RUST := $(shell find src -name '*.rs') Cargo.toml Cargo.lock .cargo/config.toml
FRONT := $(shell find www -name node_modules -prune -o -name dist -prune -o -type f -print)
TARGET := $(CACHE)/wasm32-$(shell rustc --version | tr ' ()' '---')

serve: www/dist/index.html
	node www/serve.mjs $(PORT)

dist: www/dist/index.html

test: www/dist/index.html target/release/clickfold $(VENV)/ok $(CACHE)/chromium $(CACHE)/nats-server
	cargo test --locked
	cargo clippy --locked --all-targets -- -D warnings
	cd www && npm run --silent check && npm run --silent sizes
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner cargo test --locked --no-default-features --features formats,live --target wasm32-unknown-unknown --test node
	node --test --test-concurrency=1 --test-timeout=1800000 tests/js/*.test.mjs tests/page/*.test.mjs
	$(VENV)/bin/python tests/conformance/run.py --binary target/release/clickfold --seed 1 --cases 600
	$(VENV)/bin/python tests/conformance/real.py --binary target/release/clickfold
	$(VENV)/bin/python tests/conformance/events.py --binary target/release/clickfold --seed 1 --cases 100

# A longer run of the comparisons with DuckDB, ClickHouse and others, of other cases each time; so many of each kind of question about
# actors: make conformance CASES=20000 EVENT_CASES=2000
CASES ?= 10000
EVENT_CASES ?= 1000
conformance: target/release/clickfold $(VENV)/ok
	$(VENV)/bin/python tests/conformance/run.py --binary target/release/clickfold --cases $(CASES)
	$(VENV)/bin/python tests/conformance/events.py --binary target/release/clickfold --cases $(EVENT_CASES)

# The SQL that is said for Spark, run in it: needs Java.
SPARK := $(CACHE)/pyspark-4.3.0
SPARK_CASES ?= 200
conformance-spark: target/release/clickfold $(SPARK)/ok
	$(SPARK)/bin/python tests/conformance/spark.py --binary target/release/clickfold --cases $(SPARK_CASES)

$(SPARK)/ok:
	python3 -m venv $(SPARK)
	$(SPARK)/bin/pip install --quiet --disable-pip-version-check pyspark==4.3.0 -r tests/conformance/requirements.txt
	touch $@

# Each decoder with bytes that nobody meant, FUZZ_SECONDS each: no panic, and the same rows however they are cut. The fuzzer's flags are
# those of an unstable compiler, which the stable one takes with RUSTC_BOOTSTRAP.
FUZZ_SECONDS ?= 600
fuzz: $(CACHE)/cargo-fuzz/bin/cargo-fuzz
	for target in csv json log blanks parquet arrow recipe; do \
	  mkdir -p fuzz/corpus/$$target && cp -n fuzz/seeds/$$target/* fuzz/corpus/$$target/ && \
	  RUSTC_BOOTSTRAP=1 PATH=$(CACHE)/cargo-fuzz/bin:$$PATH cargo fuzz run --fuzz-dir fuzz --sanitizer none $$target -- -max_total_time=$(FUZZ_SECONDS) -max_len=65536 || exit 1; \
	done

$(CACHE)/cargo-fuzz/bin/cargo-fuzz:
	cargo install cargo-fuzz --version $(FUZZ) --locked --root $(CACHE)/cargo-fuzz

# The core by itself, then the page beside other tools; figures go to benches/record/. About an hour; make bench PEERS="--rounds 1"
# is quicker.
bench: www/dist/index.html $(CACHE)/chromium
	cargo bench --locked --bench cold
	CACHE=$(CACHE) node benches/peers.mjs $(PEERS)

target/release/clickfold: $(RUST)
	cargo build --locked --release --bin clickfold
	touch $@

# The core of a first visit, and the complete one, fetched when a file needs it.
target/pkg/clickfold_bg.wasm: $(RUST) $(TOOLS)/ok $(TARGET) www/node_modules/.package-lock.json
	wasm-pack build --target web --mode no-install --release --out-dir target/pkg --out-name clickfold -- --locked --no-default-features
	touch $@

target/complete/clickfold_bg.wasm: target/pkg/clickfold_bg.wasm
	wasm-pack build --target web --mode no-install --release --out-dir target/complete --out-name clickfold -- --locked --no-default-features --features parquet,live
	touch $@

www/dist/index.html: target/pkg/clickfold_bg.wasm target/complete/clickfold_bg.wasm $(FRONT) www/node_modules/.package-lock.json
	node www/build.mjs

www/node_modules/.package-lock.json: www/package-lock.json
	cd www && npm ci --no-audit --no-fund --fetch-retries=5
	touch $@

# wasm-bindgen and wasm-pack of the very versions that Cargo.lock and the page are made for.
$(TOOLS)/ok:
	cargo build --release --locked --manifest-path tools/wasm-bindgen-cli/Cargo.toml --target-dir $(CACHE)/build
	mkdir -p $(TOOLS)/bin
	cp $(CACHE)/build/release/wasm-bindgen $(CACHE)/build/release/wasm-bindgen-test-runner $(TOOLS)/bin
	cargo install wasm-pack --version $(PACK) --locked --root $(TOOLS) --target-dir $(CACHE)/build
	$(TOOLS)/bin/wasm-bindgen --version | grep -q ' $(BINDGEN)$$'
	$(TOOLS)/bin/wasm-pack --version | grep -q ' $(PACK)$$'
	touch $@

$(TARGET):
	rustup target add wasm32-unknown-unknown
	mkdir -p $(CACHE) && touch $@

$(VENV)/ok: tests/conformance/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --retries 10 --timeout 60 -r $<
	$(VENV)/bin/python -c 'import duckdb, chdb, mlxtend, scipy, statsmodels; assert duckdb.__version__ == "$(DUCKDB)"'
	touch $@

$(CACHE)/chromium:
	for wait in 10 30 0; do test -x /usr/bin/chromium || { apt-get $(APT) update -qq && DEBIAN_FRONTEND=noninteractive apt-get $(APT) install -y -qq chromium; } || sleep $$wait; done
	/usr/bin/chromium --version --no-sandbox
	mkdir -p $(CACHE) && touch $@

# Debian's, unpacked only: installing it would start a server.
$(CACHE)/nats-server:
	rm -rf $(CACHE)/nats && mkdir -p $(CACHE)/nats
	test -x /usr/sbin/nats-server || { cd $(CACHE)/nats && { apt-get $(APT) download -qq nats-server || { apt-get $(APT) update -qq && apt-get $(APT) download -qq nats-server; }; } && dpkg-deb -x nats-server_*.deb .; }
	ln -sf "$$(ls /usr/sbin/nats-server $(CACHE)/nats/usr/sbin/nats-server 2>/dev/null | head -n 1)" $@
	$@ --version

clean:
	cargo clean
	rm -rf www/dist www/node_modules
