# Floor 1: what there is to share, as plain data.
noinst_LIBRARIES += src/model/libmodel.a
src_model_libmodel_a_SOURCES = \
	src/model/topology.c src/model/topology.h
LIBMODEL = src/model/libmodel.a
