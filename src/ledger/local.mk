# Floor 3: all state of the cluster.
noinst_LIBRARIES += src/ledger/libledger.a
src_ledger_libledger_a_SOURCES = \
	src/ledger/adopt.c \
	src/ledger/apply.c \
	src/ledger/apply_framework.c \
	src/ledger/apply_job.c \
	src/ledger/apply_node.c \
	src/ledger/apply_offer.c \
	src/ledger/apply_role.c \
	src/ledger/call_dataset.c \
	src/ledger/call_framework.c \
	src/ledger/call_job.c \
	src/ledger/call_node.c \
	src/ledger/check.c \
	src/ledger/expire.c \
	src/ledger/hold.c \
	src/ledger/index.c src/ledger/index.h \
	src/ledger/ledger.c src/ledger/ledger.h \
	src/ledger/layout.c \
	src/ledger/lend.c \
	src/ledger/place.c \
	src/ledger/possible.c \
	src/ledger/prefer.c \
	src/ledger/revoke.c \
	src/ledger/round.c \
	src/ledger/state.h \
	src/ledger/wiring.c src/ledger/wiring.h \
	src/ledger/yield.c
LIBLEDGER = src/ledger/libledger.a
# In the order of linking.
LEDGER_LIBS = $(LIBLEDGER) $(LIBPOLICY) $(LIBMODEL) $(LIBBASE)
