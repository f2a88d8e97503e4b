# Floor 2: who gets how much, behind policy.h.
noinst_LIBRARIES += src/policy/libpolicy.a
src_policy_libpolicy_a_SOURCES = \
	src/policy/drf.c \
	src/policy/fifo.c \
	src/policy/lottery.c \
	src/policy/policy.c src/policy/policy.h \
	src/policy/reclaim.c \
	src/policy/static.c \
	src/policy/turns.c src/policy/turns.h \
	src/policy/urn.c src/policy/urn.h
LIBPOLICY = src/policy/libpolicy.a
