# examples
EXTRA_DIST += examples/quickstart examples/heat.c \
	examples/plugin/once.c examples/framework/once.py
