# SPDX-License-Identifier: MPL-2.0
# A thin front for meson and ninja: the commands of the README.
BUILD ?= build
SAN = $(BUILD)/san
FUZZ_BUILD = $(BUILD)/fuzz
DESTDIR ?=
PREFIX ?= /usr/local
MESON = meson

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet
	@ln -sf shareiscsi $(BUILD)/zfs
	@ln -sf shareiscsi $(BUILD)/zpool

$(BUILD)/build.ninja:
	@tools/deps build
	@$(MESON) setup $(BUILD) --prefix $(PREFIX) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@mv $(BUILD).log $(BUILD)/setup.log

# The developer build: sanitizers on, warnings are errors.
$(SAN)/build.ninja: $(BUILD)/build.ninja
	@tools/deps build test
	@$(MESON) setup $(SAN) -Dtests=enabled -Db_sanitize=address,undefined -Db_lundef=false \
		-Dwerror=true >$(BUILD)/san.log 2>&1 || { cat $(BUILD)/san.log; exit 1; }

install: all
	@DESTDIR=$(DESTDIR) $(MESON) install -C $(BUILD) --no-rebuild

# One run over all tests that need no virtual machine, one closing summary.
test: all $(SAN)/build.ninja
	@tests/run $(SAN) $(TESTS)

# The same on a real kernel with real ZFS, under QEMU. CASES="name..." picks some.
test-vm: all
	@BUILD=$(abspath $(BUILD)) tests/vm/run $(CASES)

# Every fuzz target for FUZZ_SECONDS, two at a time; FUZZ="name..." picks some.
$(FUZZ_BUILD)/build.ninja:
	@tools/deps build fuzz
	@mkdir -p $(BUILD)
	@CC=clang $(MESON) setup $(FUZZ_BUILD) -Dfuzz=enabled -Db_sanitize=address,undefined \
		-Db_lundef=false -Dwerror=true >$(BUILD)/fuzz.log 2>&1 || { cat $(BUILD)/fuzz.log; exit 1; }

fuzz: $(FUZZ_BUILD)/build.ninja
	@tests/fuzz/run $(FUZZ_BUILD) $(FUZZ)

# How long it takes, against other tools and the floor: full (minutes), quick, tiny, or lio (in a
# virtual machine). Writes BENCH.json and BENCH.svg.
BENCH ?= full
BENCH_OUT ?= $(BUILD)/bench-results
bench: all
	@tools/deps build test
	@if [ $(BENCH) = lio ]; then JOBS=1 BUILD=$(abspath $(BUILD)) tests/vm/run -v bench/lio && \
		mkdir -p $(BENCH_OUT) && cp build/vm/bench/lio/lio.json build/vm/bench/lio/lio.svg $(BENCH_OUT); \
	else python3 -B bench/bench.py $(BENCH) --build $(BUILD) --out $(BENCH_OUT); fi

# Debian packages, in build/deb.
deb:
	@tools/deps build packages
	@mkdir -p $(BUILD)
	@tools/deb $(BUILD)/deb >$(BUILD)/deb.log 2>&1 || { cat $(BUILD)/deb.log; exit 1; }

# Debian and RPM packages, built, looked into, and installed in a clean Debian.
test-packages:
	@tools/deps build test packages
	@BUILD=$(abspath $(BUILD)) tests/pkg/run

# Static analysis; LINT="cppcheck gcc tidy" picks some.
lint: all
	@tools/deps build lint
	@tools/lint $(BUILD) $(LINT)

demo: all
	@tools/deps test
	@tools/demo $(BUILD)

check-layers: all
	@tools/check-layers $(BUILD)

clean:
	rm -rf $(BUILD)

.PHONY: all install test test-vm deb test-packages fuzz lint bench demo check-layers clean
