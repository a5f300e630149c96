# make help lists the targets.
CC     = gcc
AR     = ar
# -O3: there gcc vectorises the upper-casing, at -O2 it does not.
CFLAGS = -O3 -g
WARN   = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
TOPICS = tcp mpserver mtserver select poll epoll threadpool udp multicast unix $(URING)

# uring/ needs what linux/io_uring.h has since Linux 5.19, and is left out without it.
IN_5_19 = IORING_ACCEPT_MULTISHOT, IORING_REGISTER_PBUF_RING, IORING_SETUP_COOP_TASKRUN
URING  := $(shell echo 'int in_5_19[] = {$(IN_5_19)};' | \
            $(CC) $(CFLAGS) -include linux/io_uring.h -x c -fsyntax-only - 2>/dev/null && echo uring)

# SAN=address,undefined or SAN=thread builds into a folder of its own, and so does any BUILD=NAME,
# for other compilers and flags: make test BUILD=musl CC=musl-gcc
comma := ,
OUT   := build/$(or $(BUILD),$(subst $(comma),-,$(SAN)),plain)
# Machines of 32 bits may lack instructions for atomic numbers of 64 bits.
LDLIBS := $(shell echo '_Atomic long long n; int main(void) { return (int)n++; }' | \
            $(CC) -x c -o /dev/null - 2>/dev/null || echo -latomic)
BIN   := $(if $(BUILD)$(SAN),$(OUT)/bin/)
FLAGS  = -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(CFLAGS) \
         $(SAN:%=-fsanitize=% -fno-omit-frame-pointer -fno-sanitize-recover=all)

# A source with a header beside it is a module, any other one a program of that name.
sources  = $(wildcard $(1:%=%/*.c))
modules  = $(foreach s,$(sources),$(if $(wildcard $(s:.c=.h)),$(s)))
programs = $(patsubst %.c,$(BIN)%,$(filter-out $(modules),$(sources)))
ALL     := $(call programs,$(TOPICS))
TESTS   := $(call programs,tests)
BENCH   := $(call programs,tests/bench)
GRADE   := $(call programs,tests/grade)
EXERCISES := $(call programs,exercises)
EVENT   := $(call programs,libevent)
LIB     := $(OUT)/suite.a
OBJECTS := $(patsubst %.c,$(OUT)/%.o,$(wildcard wrap/*.c) $(call modules,$(TOPICS) tests tests/bench tests/grade))
export BIN := $(BIN)

# What is printed for each file: a short line; with V=1 the whole command; with -s nothing.
Q     := $(if $(V),,@)
print  = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-3s %s\n' $(1) $(2))

MAKEFLAGS += --no-builtin-rules
.SECONDEXPANSION:
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all $(TOPICS) libevent clean demo trace diff break tags test test-full test-breaks test-exercises sweep grade bench \
        bench-check bench-keep tests format lint pages diff-budget help force libevent-there uring-left-out

##@ Build
all: $(ALL) $(if $(URING),,uring-left-out)                             ## everything but libevent/ (V=1: whole commands; CC=clang, SAN=thread, …)
$(TOPICS): $$(call programs,$$@)        ## one topic: make epoll
libevent: $(EVENT)                      ## libevent/, which needs libevent-dev
clean:                                  ## remove all that was built
	rm -rf build tags $(wildcard $(patsubst %.c,%,$(filter-out $(call modules,$(TOPICS)),\
	    $(call sources,$(TOPICS) libevent exercises tests tests/bench tests/grade))))

##@ Look
demo: all tests $(if $(filter libevent libevent/%,$(T) $(A)),libevent) ## each pair played as two terminals (T=epoll: one topic; A= B=: one pair)
	@tests/demo $(T)
trace: all tests $(if $(filter libevent/%,$(A) $(B)),libevent) ## a pair's system calls as a timeline: make trace A=poll/server
	@tests/trace/run
diff:                                   ## two programs beside each other: make diff A=select/server B=poll/server
	@tests/diff
break: all tests $(if $(filter libevent/%,$(B)),libevent) ## a classic mistake, played: make break B=epoll/lost_end
	@tests/breaks/run
tags:                                   ## an index for the editor: vi -t echo_step (ctags)
	@command -v ctags >/dev/null || { echo 'make tags needs ctags (universal-ctags)'; exit 1; }
	ctags --languages=C -R $(TOPICS) libevent wrap tests

##@ Test
test: all tests $(filter libevent,$(T)) ## everything, in a few minutes (T=epoll, SAN=thread)
	@T=$(T) tests/run
test-full: all tests $(filter libevent,$(T)) ## size and numbers too (some minutes)
	@T=$(T) tests/run -f
test-breaks: all tests $(filter libevent,$(T)) ## each break shows its symptom and is caught (some minutes)
	@T=$(T) tests/run twin
test-exercises: all tests                ## each exercise: full marks with its solution, and not without
	@tests/run exercise
sweep: all tests $(filter libevent,$(T)) ## let every system call fail in every way (some minutes)
	@T=$(T) SWEEP=-a tests/run sweep

##@ Grade
grade: $(GRADE)                         ## any server or client: make grade S='./mine {port}' KIND=concurrent (EX=idle: one exercise)
	@$(BIN)tests/grade/grade

##@ Measure
bench: all tests                        ## the servers on this machine (FULL=1: all loads and charts; MILLION=1: a million clients)
	@$(if $(MILLION),tests/bench/million $(MILLION),tests/bench/run $(if $(FULL),full))
bench-check:                            ## what the last measurement leaves short of its goals
	@tests/bench/check
bench-keep:                             ## make the last measurement the one that the README shows
	@tests/bench/keep

##@ Change the suite
tests: $(TESTS) $(BENCH) $(GRADE) $(EXERCISES)       ## build what the tests are made with
format:                                 ## lay out every source with clang-format
	clang-format -i $$(git ls-files '*.[ch]')
lint:                                   ## check layout, C and shell (clang-format, cppcheck, shellcheck)
	@tests/lint
pages: all tests $(filter libevent,$(T)) ## print the pages' sessions and timelines again (T=epoll: one page)
	@tests/pages $(T)
diff-budget:                            ## each pair's diff in lines against its budget
	@tests/diff_budget
help:                                   ## this list
	@awk -F '##' '/^##@/ { print (n++ ? "\n" : "") substr($$2, 3); next } \
	    /^[$$a-z][^:=]*:.*## / { sub(/:.*/, "", $$1); sub(/^\$$\(TOPICS\)/, "TOPIC", $$1); printf "  make %-16s%s\n", $$1, $$2 }' Makefile

$(EVENT): LDLIBS += $$(pkg-config --libs libevent)
$(EVENT:$(BIN)%=$(OUT)/%.o): FLAGS += $$(pkg-config --cflags libevent)
$(EVENT:$(BIN)%=$(OUT)/%.o): | libevent-there
libevent-there:
	@pkg-config --exists libevent 2>/dev/null || \
	    { echo 'libevent/ needs libevent: apt-get install libevent-dev pkg-config'; exit 1; }

uring-left-out:
	@echo 'uring/ is left out: linux/io_uring.h is missing here, or older than Linux 5.19'
ifeq ($(URING),)
uring: uring-left-out
endif

# -z now: symbols are bound at the start, or each child of a fork would bind, and copy, its own.
$(ALL) $(TESTS) $(BENCH) $(GRADE) $(EXERCISES) $(EVENT): $(BIN)%: $(OUT)/%.o $(LIB)
	@mkdir -p $(@D)
	$(call print,LD,$@)
	$(Q)$(CC) $(FLAGS) -Wl,-z,now -o $@ $^ $(LDLIBS)
$(LIB): $(OBJECTS)
	@rm -f $@
	$(call print,AR,$@)
	$(Q)$(AR) rcs $@ $^
$(OUT)/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call print,CC,$<)
	$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<
# Another compiler or other flags rebuild everything.
$(OUT)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(WARN) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(WARN) $(CFLAGS)' > $@
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
