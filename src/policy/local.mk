# Floor 2: who gets how much, behind policy.h.
noinst_LIBRARIES += src/policy/libpolicy.a
src_policy_libpolicy_a_SOURCES = \
	src/policy/drf.c \
	src/policy/fifo.c \
	src/policy/policy.c src/policy/policy.h
LIBPOLICY = src/policy/libpolicy.a
