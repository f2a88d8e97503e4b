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
	src/broker/net_conn.c src/broker/net_conn.h \
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

# Agreement among the ranks: libraft, its log on disk, its messages.
noinst_LIBRARIES += src/broker/libagree.a
src_broker_libagree_a_SOURCES = \
	src/broker/agree.h src/broker/agree_turn.c src/broker/agree_fsm.c src/broker/agree_in.c \
	src/broker/agree_alone.c src/broker/agree_bytes.h \
	src/broker/agree_choose.c \
	src/broker/agree_conf.c \
	src/broker/agree_disk.c src/broker/agree_disk.h \
	src/broker/agree_env.h src/broker/agree_impl.h \
	src/broker/agree_io.c \
	src/broker/agree_lease.c \
	src/broker/agree_load.c \
	src/broker/agree_log.c src/broker/agree_log.h \
	src/broker/agree_msg.c src/broker/agree_msg.h \
	src/broker/agree_raft_api.h \
	src/broker/agree_real.c \
	src/broker/agree_save.c src/broker/agree_store.h \
	src/broker/agree_store_impl.h \
	src/broker/agree_voters.c
src_broker_libagree_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS) \
	$(RAFT_CFLAGS)
LIBAGREE = src/broker/libagree.a
# With LIBNET, LIBIO, LIBWIRE, LIBBASE
AGREE_LIBS = $(RAFT_LIBS)

# The rank that leads: the ledger's owner and the HTTP API.
noinst_LIBRARIES += src/broker/libleader.a
LEADER_SOURCES = \
	src/broker/api.c src/broker/api.h \
	src/broker/api_server.c src/broker/api_server.h \
	src/broker/book.c src/broker/book.h \
	src/broker/calls.c src/broker/calls.h \
	src/broker/chronicle.c src/broker/chronicle.h \
	src/broker/agreed.c src/broker/agreed.h \
	src/broker/commit.c src/broker/commit.h \
	src/broker/ends.c src/broker/ends.h \
	src/broker/contact_file.c src/broker/contact_file.h \
	src/broker/doors.c src/broker/doors.h \
	src/broker/drain.c src/broker/drain.h \
	src/broker/event_json.c src/broker/event_json.h \
	src/broker/events.c src/broker/events.h \
	src/broker/framework_events.c src/broker/framework_events.h \
	src/broker/frameworks.c src/broker/frameworks.h \
	src/broker/conduct.c src/broker/conduct.h \
	src/broker/datasets.c src/broker/datasets.h \
	src/broker/history.c src/broker/history.h \
	src/broker/history_feed.c src/broker/history_feed.h \
	src/broker/history_routes.c src/broker/history_routes.h \
	src/broker/hosts.c src/broker/hosts.h \
	src/broker/job_routes.c src/broker/job_routes.h \
	src/broker/job_waits.c src/broker/job_waits.h \
	src/broker/jobs.c src/broker/jobs.h \
	src/broker/json_decode.c src/broker/json_decode.h \
	src/broker/json_demand.c src/broker/json_demand.h \
	src/broker/json_launch.c src/broker/json_launch.h \
	src/broker/json_model.c src/broker/json_model.h \
	src/broker/json_spec.c src/broker/json_spec.h \
	src/broker/json_text.c src/broker/json_text.h \
	src/broker/launch_msg.c src/broker/launch_msg.h \
	src/broker/launches.c src/broker/launches.h \
	src/broker/lease.c src/broker/lease.h \
	src/broker/leader.c src/broker/leader.h \
	src/broker/metrics.c src/broker/metrics.h \
	src/broker/node_sync.c src/broker/node_sync.h \
	src/broker/nodes.c src/broker/nodes.h \
	src/broker/output_cut.c src/broker/output_cut.h \
	src/broker/outputs.c src/broker/outputs.h \
	src/broker/policy_plugin.c src/broker/policy_plugin.h \
	src/broker/reaper.c src/broker/reaper.h \
	src/broker/recall.c src/broker/recall.h \
	src/broker/recorder.c src/broker/recorder.h \
	src/broker/records.c src/broker/records.h \
	src/broker/reports.c src/broker/reports.h \
	src/broker/revocations.c src/broker/revocations.h \
	src/broker/role_conf.c src/broker/role_conf.h \
	src/broker/routes.c src/broker/routes.h \
	src/broker/settle.c src/broker/settle.h \
	src/broker/shares.c src/broker/shares.h \
	src/broker/restart.c src/broker/restart.h \
	src/broker/shutdown.c src/broker/shutdown.h \
	src/broker/stdins.c src/broker/stdins.h \
	src/broker/stream_routes.c src/broker/stream_routes.h \
	src/broker/submit.c src/broker/submit.h \
	src/broker/surroundings.c src/broker/surroundings.h \
	src/broker/survivors.c src/broker/survivors.h \
	src/broker/usage.c src/broker/usage.h \
	src/broker/views.c src/broker/views.h
src_broker_libleader_a_SOURCES = $(LEADER_SOURCES)
src_broker_libleader_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS) \
	$(JANSSON_CFLAGS) $(SQLITE_CFLAGS)
LIBLEADER = src/broker/libleader.a
# With LIBNET, LIBLEDGER, LIBPOLICY, LIBTOPO, LIBMODEL, LIBIO, LIBWIRE, LIBBASE
LEADER_LIBS = $(JANSSON_LIBS) $(SQLITE_LIBS)

# What every rank does for its node.
noinst_LIBRARIES += src/broker/libagent.a
src_broker_libagent_a_SOURCES = \
	src/broker/agent.c src/broker/agent.h \
	src/broker/agent_join.c src/broker/agent_join.h \
	src/broker/launcher_link.c src/broker/launcher_link.h \
	src/broker/output.c src/broker/output.h \
	src/broker/roster_keeper.c src/broker/roster_keeper.h \
	src/broker/sweeper.c src/broker/sweeper.h \
	src/broker/task_table.c src/broker/task_table.h
src_broker_libagent_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
LIBAGENT = src/broker/libagent.a

bin_PROGRAMS += bin/berthd
bin_berthd_SOURCES = src/broker/main.c \
	src/broker/broker.c src/broker/broker.h \
	src/broker/leadership.c src/broker/leadership.h \
	src/broker/broker_conf.c src/broker/broker_conf.h \
	src/broker/own_launcher.c src/broker/own_launcher.h
# Policy plug-ins use the broker's own functions.
bin_berthd_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
bin_berthd_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS) $(JANSSON_CFLAGS)
bin_berthd_LDADD = $(LIBAGENT) $(LIBLEADER) $(LIBAGREE) $(LIBNETMPI) $(LIBNET) \
	$(LIBSHOWNODE) $(LIBLEDGER) $(LIBPOLICY) $(LIBTOPO) $(LIBRPC) $(LIBIO) $(LIBWIRE) $(LIBMODEL) \
	$(LIBBASE) $(MPI_LIBS) $(TOPO_LIBS) $(RPC_LIBS) $(IO_LIBS) \
	$(WIRE_LIBS) $(LEADER_LIBS) $(AGREE_LIBS)
