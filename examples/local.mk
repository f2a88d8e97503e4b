# examples
EXTRA_DIST += examples/quickstart examples/heat.c \
	examples/framework/once.py
EXTRA_DIST += examples/sim
