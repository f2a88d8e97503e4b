# Floor 0: needs libc alone.
noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_SOURCES = \
	src/base/bitset.c src/base/bitset.h \
	src/base/buf.c src/base/buf.h \
	src/base/crc32c.c src/base/crc32c.h \
	src/base/error.c src/base/error.h \
	src/base/heap.c src/base/heap.h \
	src/base/idmap.c src/base/idmap.h \
	src/base/log.c src/base/log.h \
	src/base/map.c src/base/map.h \
	src/base/mem.c src/base/mem.h \
	src/base/nearest.c src/base/nearest.h \
	src/base/rand.c src/base/rand.h \
	src/base/scribe.c src/base/scribe.h
LIBBASE = src/base/libbase.a
