# Floor 2: event loop, streams, HTTP, configuration files.
noinst_LIBRARIES += src/io/libio.a
src_io_libio_a_SOURCES = \
	src/io/conf.c src/io/conf.h \
	src/io/http.h src/io/http_server.c src/io/http_text.c \
	src/io/http_guard.c src/io/http_guard.h \
	src/io/http_client.c src/io/http_fetch.c src/io/http_curl.h \
	src/io/loop.c src/io/loop.h \
	src/io/socket.c src/io/socket.h \
	src/io/scratch.c src/io/scratch.h \
	src/io/servers.c src/io/servers.h \
	src/io/stream.c src/io/stream.h src/io/connector.c src/io/listener.c \
	src/io/where.c src/io/where.h \
	src/io/whole_file.c src/io/whole_file.h
src_io_libio_a_CPPFLAGS = $(AM_CPPFLAGS) $(LIBEVENT_CFLAGS) $(CURL_CFLAGS) \
	$(LIBCONFIG_CFLAGS)
src_io_libio_a_CFLAGS = $(AM_CFLAGS)
LIBIO = src/io/libio.a
IO_LIBS = $(LIBEVENT_LIBS) $(CURL_LIBS) $(LIBCONFIG_LIBS)
