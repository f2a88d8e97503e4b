# Floor 1: what there is to share, as plain data.
noinst_LIBRARIES += src/model/libmodel.a
src_model_libmodel_a_SOURCES = \
	src/model/amount.c src/model/amount.h \
	src/model/dataset.c src/model/dataset.h \
	src/model/demand.c src/model/demand.h \
	src/model/event.c src/model/event.h \
	src/model/event_parts.c src/model/event_parts.h \
	src/model/event_text.c src/model/event_text.h \
	src/model/fit.c src/model/fit.h \
	src/model/framework.c src/model/framework.h \
	src/model/hostlist.c src/model/hostlist.h \
	src/model/job.c src/model/job.h \
	src/model/node.c src/model/node.h \
	src/model/offer.c src/model/offer.h \
	src/model/quota.c src/model/quota.h \
	src/model/role.c src/model/role_fit.c src/model/role.h \
	src/model/slice.c src/model/slice.h \
	src/model/switch.c src/model/switch.h \
	src/model/task.c src/model/task.h \
	src/model/topology.c src/model/topology.h \
	src/model/tree.c src/model/tree.h
LIBMODEL = src/model/libmodel.a
