# Floor 2: hwloc to the model; hwloc only here.
noinst_LIBRARIES += src/topo/libtopo.a
src_topo_libtopo_a_SOURCES = \
	src/topo/bind.c src/topo/bind.h \
	src/topo/devices.c \
	src/topo/limit.c \
	src/topo/parts.h \
	src/topo/screen.c \
	src/topo/topo.c src/topo/topo.h \
	src/topo/tree.c \
	src/topo/trial.c
src_topo_libtopo_a_CPPFLAGS = $(AM_CPPFLAGS) $(HWLOC_CFLAGS)
LIBTOPO = src/topo/libtopo.a
TOPO_LIBS = $(HWLOC_LIBS)
