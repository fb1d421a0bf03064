# fanlab: everything is built out of tree, into $(BUILD). New source files need no edit here.
#
#   make BUILD=build/x CC=clang CFLAGS='-O0 -g'      a second tree with other flags beside the first
#   make SANITIZE=thread BUILD=build/tsan tests      what `make tsan` builds

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

BUILD   ?= build
PREFIX  ?= /usr/local
SUITES  ?= plain asan tsan
VERSION := 0.1.0

ifeq ($(origin CC),default)
CC := gcc
endif
CFLAGS   ?= -O2 -g
SANITIZE ?=

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wvla -Wformat=2 -Werror
# Instrumented code misleads gcc's flow analysis, so those trees get only what is on by default.
ifneq ($(SANITIZE),)
WARNINGS := -Werror
endif
# The stack capture follows frame pointers, so no frame may be left out or folded into its caller.
FRAMES   := -fno-omit-frame-pointer -fno-optimize-sibling-calls
SANITIZE_FLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
COMPILE  = $(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) $(FRAMES) $(SANITIZE_FLAGS) -fPIE -pthread
# Symbols are resolved at the start: the simulator puts its data back between runs, and with it
# would have each resolved anew in every run.
LINK     = $(CC) $(CFLAGS) $(SANITIZE_FLAGS) -pie -Wl,-z,now -pthread $(LDFLAGS)

# pkg-config is asked on first use, which is after .ci/setup had its chance to install it.
once      = $(or $($1),$(eval $1 := $(shell $2))$($1))
APP_PKGS  := ncursesw libdw jansson md4c
TEST_PKGS := check vterm
APP_CFLAGS  = $(call once,app_cflags,pkg-config --cflags $(APP_PKGS))
APP_LIBS    = $(call once,app_libs,pkg-config --libs $(APP_PKGS))
DW_CFLAGS   = $(call once,dw_cflags,pkg-config --cflags libdw)
TEST_CFLAGS = $(call once,test_cflags,pkg-config --cflags $(TEST_PKGS) $(APP_PKGS))
TEST_LIBS   = $(call once,test_libs,pkg-config --libs $(TEST_PKGS)) -lutil

# What the analysers need to know. Any string serves for the strings that the build defines.
ANALYSED_AS = -I.ci/analysed -I$(BUILD)/made -Icore -I. $(filter -I% -D%,$(TEST_CFLAGS)) \
              $(patsubst %,-D%=__FILE__,FAN_SOURCE_FILE FAN_VERSION FAN_BUILD_DIR \
                FAN_CORE_DIR FAN_LIBRARY_DIR FAN_SANITIZE)

# ---- what there is --------------------------------------------------------------------------

fan_layers  := base run sync flow stage watch lab
fan_all     := $(filter-out core/lab/main.c,$(wildcard $(fan_layers:%=core/%/*.c)))
# The same source is built twice: for threads of the system, and (with -DFAN_SIM) for the
# scheduler's. What only one of the two has is told by its name. Both read a schedule's text and look
# at the frontier of a search.
fan_sources := $(filter-out core/run/sim% core/lab/sim%,$(fan_all)) $(wildcard core/sim/schedule.c core/sim/frontier.c)
sim_sources := $(filter-out core/run/real% core/lab/real%,$(fan_all)) $(wildcard core/sim/*.c)
bug_sources := $(filter-out bugs/main.c,$(wildcard bugs/*.c))
app_sources := $(filter-out app/main.c app/experiment/%,$(wildcard app/*.c app/*/*.c))
# What `fanlab experiment` runs, in children of their own, one for each runtime.
experiment_sources := $(wildcard app/experiment/*.c)
support_sources := $(wildcard tests/support/*.c)
test_sources    := $(wildcard tests/*/test_*.c)
# One thread of the system runs all of a simulation: ThreadSanitizer has nothing to say of it, at length.
ifeq ($(SANITIZE),thread)
test_sources := $(filter-out $(filter-out tests/sim/test_fiber%,$(wildcard tests/sim/*.c)) \
                  tests/app/test_explore% tests/app/test_replay.c tests/app/test_step%,$(test_sources))
endif
child_sources   := $(wildcard tests/*/child_*.c)
attempt_sources := $(wildcard tests/bugs/attempts/*.c)
bench_sources   := $(wildcard tests/bench/bench_*.c)
measure_sources := $(filter-out tests/bench/bench_%,$(wildcard tests/bench/*.c))

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$1)
programs = $(patsubst %.c,$(BUILD)/%,$1)
fan_objects := $(call objects,$(fan_sources))
sim_objects := $(patsubst %.c,$(BUILD)/sim/%.o,$(sim_sources))
bug_objects := $(call objects,$(bug_sources))
sim_bug_objects := $(patsubst %.c,$(BUILD)/sim/%.o,$(bug_sources))
app_objects := $(call objects,$(app_sources))
experiment_objects := $(call objects,$(filter-out app/experiment/sim%,$(experiment_sources)))
sim_experiment_objects := $(patsubst %.c,$(BUILD)/sim/%.o,$(filter-out app/experiment/real%,$(experiment_sources)))

libfan   := $(BUILD)/libfan.a
libfan_sim := $(BUILD)/libfan_sim.a
libfan_main := $(if $(wildcard core/lab/main.c),$(BUILD)/libfan_main.a)
libapp   := $(BUILD)/libapp.a
libsupport := $(BUILD)/libsupport.a
fanlab   := $(if $(wildcard app/main.c),$(BUILD)/fanlab)
lab_real := $(if $(wildcard bugs/main.c),$(BUILD)/fanlab-lab-real)
lab_sim  := $(if $(wildcard core/lab/sim*.c),$(BUILD)/fanlab-lab-sim)
experiments := $(if $(experiment_sources),$(BUILD)/fanlab-experiment-real $(BUILD)/fanlab-experiment-sim)
tests    := $(call programs,$(test_sources) $(child_sources))
bench    := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(bench_sources))

# ---- targets for people ---------------------------------------------------------------------

jobs = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
asan := BUILD=$(BUILD)/asan SANITIZE=address,undefined CC=gcc CFLAGS='-O1 -g'
tsan := BUILD=$(BUILD)/tsan SANITIZE=thread CC=gcc CFLAGS='-O1 -g'

.PHONY: all tests benches peers help run test check bench soak asan tsan install clean FORCE

everything := $(libfan) $(libfan_sim) $(libfan_main) $(bug_objects) $(if $(app_sources),$(libapp)) \
              $(lab_real) $(lab_sim) $(experiments) $(fanlab) $(if $(fanlab),$(BUILD)/lessons.checked)

all: $(everything)  ## build the library and the programs into build/

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run:  ## install what is missing, build, open the program (ARGS='run 04' passes arguments)
	@.ci/setup build
	@$(MAKE) -s $(jobs) all
	@$(BUILD)/fanlab $(ARGS)

test:  ## install what tests need, build, run every test (SUITES='plain asan tsan')
	@.ci/setup build test
	@$(if $(filter plain,$(SUITES)),$(MAKE) -s $(jobs) all tests)
	@$(if $(filter asan,$(SUITES)),$(MAKE) -s $(jobs) $(asan) all tests)
	@$(if $(filter tsan,$(SUITES)),$(MAKE) -s $(jobs) $(tsan) all tests)
	@.ci/run-tests $(patsubst $(BUILD)/plain,$(BUILD),$(SUITES:%=$(BUILD)/%))

asan:  ## every test under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) test SUITES=asan

tsan:  ## every test under ThreadSanitizer
	@$(MAKE) test SUITES=tsan

check:  ## include layers, headers alone, gcc and clang, replay lines, static analysers, format
	@.ci/setup build test check
	@$(MAKE) -s $(jobs) CC=gcc all tests
	@$(MAKE) -s $(jobs) BUILD=$(BUILD)/clang CC=clang all tests
	@BUILD=$(BUILD) CPPFLAGS='$(ANALYSED_AS)' WARNINGS='$(WARNINGS)' .ci/check

bench:  ## measure beside the peers, into build/bench.jsonl (ONLY=NAME for one)
	@.ci/setup build
	@.ci/setup bench || echo "bench: goes on with the peers that can be built" >&2
	@$(MAKE) -s $(jobs) all benches
	@BUILD=$(BUILD) tests/bench/run.sh $(ONLY)

soak: all  ## ten million schedules of the fixes, in which nothing may be found (SCHEDULES=N)
	@BUILD=$(BUILD) tests/soak/soak.sh $(SCHEDULES)

clean:  ## remove everything that was built
	rm -rf $(BUILD)

tests: $(tests)
benches: $(bench) $(if $(bench),peers)
peers:
	@BUILD=$(BUILD) CC=$(CC) tests/bench/peers/build.sh

# ---- how things are made --------------------------------------------------------------------

# Objects depend on this file: it changes only when the compiler or a flag does.
flags := $(BUILD)/flags
$(flags): FORCE
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(LINK) $(VERSION)' | cmp -s - $@ || echo '$(COMPILE) $(LINK) $(VERSION)' > $@

$(BUILD)/obj/core/%.o $(BUILD)/sim/core/%.o: INCLUDES = -Icore
$(BUILD)/obj/bugs/%.o $(BUILD)/sim/bugs/%.o: INCLUDES = -Icore -I.
# A numbered bug embeds its own text; the compiler resolves the path from the top of the tree.
# A bug's stacks are to show the functions that its source shows.
$(BUILD)/obj/bugs/%.o $(BUILD)/sim/bugs/%.o: FRAMES += -fno-inline
$(BUILD)/obj/bugs/%.o $(BUILD)/sim/bugs/%.o: EMBED = -DFAN_SOURCE_FILE='"$<"'
$(BUILD)/sim/app/%.o: INCLUDES = -Icore -I.
$(BUILD)/obj/app/compile.o: EMBED = -DFAN_CORE_DIR='"$(abspath core)"' \
    -DFAN_LIBRARY_DIR='"$(abspath $(BUILD))"' -DFAN_SANITIZE='"$(or $(firstword $(SANITIZE_FLAGS)),-g)"'
$(BUILD)/obj/app/%.o: INCLUDES = -Icore -I. $(APP_CFLAGS) -DFAN_VERSION='"$(VERSION)"'
$(BUILD)/obj/app/lesson/shelf.o: INCLUDES += -I$(BUILD)/made
$(BUILD)/obj/tests/%.o: INCLUDES = -Icore -I. $(TEST_CFLAGS) -DFAN_BUILD_DIR='"$(abspath $(BUILD))"'
$(BUILD)/obj/tests/bench/%.o: INCLUDES = -Icore -I.
# The user's functions are compiled as the peers' are.
$(BUILD)/obj/tests/bench/bench_stream.o: FRAMES =
$(BUILD)/obj/core/watch/symbols.o $(BUILD)/sim/core/watch/symbols.o: INCLUDES = -Icore $(DW_CFLAGS)

$(BUILD)/obj/%.o: %.c $(flags)
	@mkdir -p $(@D)
	$(COMPILE) $(INCLUDES) $(EMBED) -MMD -MP -c -o $@ $<

# The lessons are embedded as well, with what they cite. This list changes only when one comes or
# goes; when the text of one changes, the object is made again.
lesson_files := $(wildcard lessons/*.md lessons/code/*) core/flow/ways.c
$(BUILD)/made/app/lesson/files.inc: FORCE
	@mkdir -p $(@D)
	@n=0; for file in $(lesson_files); do echo "SHELF($$n, \"$$file\")"; n=$$((n + 1)); done > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(BUILD)/obj/app/lesson/shelf.o: $(BUILD)/made/app/lesson/files.inc $(lesson_files)

$(BUILD)/sim/%.o: %.c $(flags)
	@mkdir -p $(@D)
	$(COMPILE) -DFAN_SIM $(INCLUDES) $(EMBED) -MMD -MP -c -o $@ $<

$(libfan): $(fan_objects)
$(libfan_sim): $(sim_objects)
$(BUILD)/libfan_main.a: $(call objects,core/lab/main.c)
$(libapp): $(app_objects)
$(libsupport): $(call objects,$(support_sources))
%.a: $(flags)
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $(filter %.o,$^)

# The child carries no reader: no libdw, no jansson, no ncurses.
$(BUILD)/fanlab-lab-real: $(call objects,bugs/main.c) $(bug_objects) $(libfan)
	$(LINK) -o $@ $^

$(BUILD)/fanlab-lab-sim: $(BUILD)/sim/bugs/main.o $(sim_bug_objects) $(libfan_sim)
	$(LINK) -o $@ $^

$(BUILD)/fanlab-experiment-real: $(experiment_objects) $(libfan)
	$(LINK) -o $@ $^

$(BUILD)/fanlab-experiment-sim: $(sim_experiment_objects) $(libfan_sim)
	$(LINK) -o $@ $^

$(BUILD)/fanlab: $(call objects,app/main.c) $(libapp) $(bug_objects) $(libfan)
	$(LINK) -o $@ $^ $(APP_LIBS)

# A lesson that cites what is not there fails the build. (Sanitized programs need not run here.)
$(BUILD)/lessons.checked: $(fanlab)
	@$(if $(SANITIZE),,$(fanlab) lesson --check)
	@mkdir -p $(@D) && touch $@

# A test may ask for linker wraps in its source: /* LDFLAGS: -Wl,--wrap=calloc */
asked_ldflags = $(shell sed -n 's|^/\* LDFLAGS: \(.*\) \*/$$|\1|p' $1)

app_children := $(filter tests/app/%,$(child_sources))
sim_children := $(filter tests/lab/child_sim%,$(child_sources))
attempts_child := $(BUILD)/tests/bugs/child_sim_attempts
seeds_child    := $(BUILD)/tests/bugs/child_sim_seeds
sim_tests    := $(filter tests/sim/%,$(test_sources))
real_tests   := $(filter-out $(sim_tests),$(test_sources))

$(call programs,$(real_tests) $(app_children)): $(BUILD)/%: $(BUILD)/obj/%.o $(libsupport) \
                                                $(libapp) $(bug_objects) $(libfan)
	@mkdir -p $(@D)
	$(LINK) $(call asked_ldflags,$*.c) -o $@ $^ $(TEST_LIBS) $(APP_LIBS)

$(call programs,$(sim_tests)): $(BUILD)/%: $(BUILD)/obj/%.o $(libsupport) $(libfan_sim)
	@mkdir -p $(@D)
	$(LINK) $(call asked_ldflags,$*.c) -o $@ $^ $(TEST_LIBS)

$(call programs,$(sim_children)): $(BUILD)/%: $(BUILD)/obj/%.o $(libfan_sim)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^

# Attempts at repairs, each put into its bug's file by a program of ours, and all in one child.
compose := $(BUILD)/tests/bugs/compose
attempt_objects := $(patsubst tests/bugs/attempts/%.c,$(BUILD)/attempts/%.o,$(attempt_sources))

$(compose): $(call objects,tests/bugs/compose.c) $(libapp) $(bug_objects) $(libfan)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(APP_LIBS)

$(BUILD)/attempts/%.c: tests/bugs/attempts/%.c $(compose)
	@mkdir -p $(@D)
	$(compose) $< > $@

$(BUILD)/attempts/%.o: $(BUILD)/attempts/%.c $(flags)
	$(COMPILE) -fno-inline -Wno-unused-function -DFAN_SIM -Icore -I. \
	    -Dfan_bug_$(firstword $(subst _, ,$*))=fan_attempt_$* -MMD -MP -c -o $@ $<

$(attempts_child): $(call objects,tests/bugs/child_sim_attempts.c) $(attempt_objects) $(libfan_sim)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^

$(seeds_child): $(call objects,tests/bugs/child_sim_seeds.c) $(sim_bug_objects) $(libfan_sim)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^

$(call programs,$(filter-out $(app_children) $(sim_children) tests/bugs/%,$(child_sources))): $(BUILD)/%: $(BUILD)/obj/%.o $(libfan)
	@mkdir -p $(@D)
	$(LINK) $(call asked_ldflags,$*.c) -o $@ $^

measure_objects := $(call objects,$(measure_sources))
sim_bench := $(filter $(addprefix $(BUILD)/bench/bench_,fiber race sim_%),$(bench))

$(sim_bench): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(libsupport) $(libfan_sim)
	@mkdir -p $(@D)
	$(LINK) $(call asked_ldflags,tests/bench/$*.c) -o $@ $^

real_bench := $(filter-out $(sim_bench),$(bench))
$(real_bench): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(measure_objects) $(libapp) \
                                 $(bug_objects) $(libfan)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(APP_LIBS)

-include $(shell find $(BUILD)/obj $(BUILD)/sim $(BUILD)/attempts -name '*.d' 2>/dev/null)

# ---- installing -----------------------------------------------------------------------------

# The public headers are those that <fan/fan.h> reaches, so nothing private can slip out.
public_headers = $(filter %.h,$(shell $(CC) -Icore -MM core/fan/fan.h))
into = $(DESTDIR)$(PREFIX)

install: all  ## install under PREFIX, below DESTDIR: programs, libraries, headers, fan.pc
	@test -n '$(public_headers)' # the compiler has said what is wrong with them
	install -d $(into)/bin $(into)/lib/pkgconfig $(into)/include/fan
	install -m 644 $(libfan) $(libfan_sim) $(libfan_main) $(into)/lib/
	$(if $(fanlab)$(lab_real),install $(fanlab) $(lab_real) $(lab_sim) $(experiments) $(into)/bin/)
	for header in $(patsubst core/%,%,$(public_headers)); do \
	    install -D -m 644 core/$$header $(into)/include/fan/$${header#fan/} || exit 1; \
	done
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@FRAMES@|$(FRAMES)|' \
	    core/fan/fan.pc.in > $(into)/lib/pkgconfig/fan.pc
