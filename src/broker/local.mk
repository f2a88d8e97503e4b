# broker

# berthd --show-node: topo and jansson, no MPI.
noinst_LIBRARIES += src/broker/libshownode.a
src_broker_libshownode_a_SOURCES = src/broker/show_node.c src/broker/show_node.h
src_broker_libshownode_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
LIBSHOWNODE = src/broker/libshownode.a
