# broker

# berthd --show-node: topo and jansson, no MPI.
noinst_LIBRARIES += src/broker/libshownode.a
src_broker_libshownode_a_SOURCES = src/broker/show_node.c src/broker/show_node.h
src_broker_libshownode_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
LIBSHOWNODE = src/broker/libshownode.a

# The ranks as peers: everything but MPI, and MPI.
noinst_LIBRARIES += src/broker/libnet.a src/broker/libnetmpi.a
src_broker_libnet_a_SOURCES = \
	src/broker/net.c src/broker/net.h src/broker/net_impl.h \
	src/broker/net_env.c src/broker/net_env.h \
	src/broker/net_local.c \
	src/broker/net_pace.c src/broker/net_pace.h \
	src/broker/net_queue.c src/broker/net_queue.h \
	src/broker/net_ranks.c src/broker/net_ranks.h \
	src/broker/net_wake.c src/broker/net_wake.h
src_broker_libnet_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
src_broker_libnetmpi_a_SOURCES = src/broker/net_mpi.c
src_broker_libnetmpi_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS) \
	$(MPI_CFLAGS)
LIBNET = src/broker/libnet.a
LIBNETMPI = src/broker/libnetmpi.a
