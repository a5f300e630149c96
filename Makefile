# make help tells the targets.
CC      = gcc
# -O3: gcc vectorises the upper-casing there and not at -O2.
CFLAGS  = -O3 -g
WARN    = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
TOPICS  = tcp mpserver mtserver select poll epoll threadpool udp multicast unix
BENCH   = tests/bench

# SAN=thread and the like build into a folder of their own.
comma  := ,
OUT    := build/$(if $(SAN),$(subst $(comma),-,$(SAN)),plain)
BIN    := $(if $(SAN),$(OUT)/bin/)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. -pthread $(WARN) $(CFLAGS) \
             $(SAN:%=-fsanitize=% -fno-omit-frame-pointer -fno-sanitize-recover=all)

# A source with a header beside it is a module, any other one a program of that name.
sources  = $(wildcard $(1:%=%/*.c))
modules  = $(foreach s,$(call sources,$(1)),$(if $(wildcard $(s:.c=.h)),$(s)))
programs = $(patsubst %.c,$(BIN)%,$(filter-out $(call modules,$(1)),$(call sources,$(1))))
LIB     := $(OUT)/suite.a
LIBOBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard wrap/*.c) $(call modules,$(TOPICS)))

PROGRAMS := $(call programs,$(TOPICS))

MAKEFLAGS += --no-builtin-rules
all: $(PROGRAMS)
.SECONDEXPANSION:
$(TOPICS): $$(call programs,$$@)

$(PROGRAMS): $(BIN)%: $(OUT)/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $^ $(LDLIBS)
$(LIB): $(LIBOBJS)
	@rm -f $@
	ar rcs $@ $^
$(OUT)/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Other flags or another compiler rebuild everything.
$(OUT)/flags: force
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' > $@

.PHONY: all force $(TOPICS)
.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
