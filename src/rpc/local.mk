# Floor 3: peers at the other end of a socket.
noinst_LIBRARIES += src/rpc/librpc.a
src_rpc_librpc_a_SOURCES = src/rpc/link.c src/rpc/link.h \
	src/rpc/start.c src/rpc/start.h
src_rpc_librpc_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS) $(CRYPTO_CFLAGS)
src_rpc_librpc_a_CFLAGS = $(AM_CFLAGS)
LIBRPC = src/rpc/librpc.a
RPC_LIBS = $(CRYPTO_LIBS)
