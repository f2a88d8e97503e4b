# broker

# The leader.
UNIT_TESTS += tests/unit/json_test
tests_unit_json_test_SOURCES = tests/unit/json_test.c tests/unit/unit.h
tests_unit_json_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_json_test_LDADD = $(LIBLEADER) $(LIBBASE) $(CUNIT_LIBS) \
	$(LEADER_LIBS)

UNIT_TESTS += tests/unit/leader_test tests/unit/leader_fault_test
LEADER_RIG = tests/unit/leader_rig.c tests/unit/leader_fw.c \
	tests/unit/leader_rig.h tests/unit/unit.h
LEADER_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS) $(PROTOBUF_C_CFLAGS)
LEADER_TEST_LDADD = $(LIBLEADER) $(LIBNET) $(LIBLEDGER) \
	$(LIBPOLICY) $(LIBTOPO) $(LIBMODEL) $(LIBIO) $(LIBWIRE) $(LIBBASE) \
	$(CUNIT_LIBS) $(LEADER_LIBS) $(TOPO_LIBS) $(IO_LIBS) $(WIRE_LIBS)
tests_unit_leader_test_SOURCES = tests/unit/leader_test.c $(LEADER_RIG)
tests_unit_leader_test_CPPFLAGS = $(LEADER_TEST_CPPFLAGS)
tests_unit_leader_test_LDADD = $(LEADER_TEST_LDADD)
tests_unit_leader_fault_test_SOURCES = tests/unit/leader_fault_test.c \
	$(LEADER_RIG)
tests_unit_leader_fault_test_CPPFLAGS = $(LEADER_TEST_CPPFLAGS)
tests_unit_leader_fault_test_LDADD = $(LEADER_TEST_LDADD)

UNIT_TESTS += tests/unit/book_test
tests_unit_book_test_SOURCES = tests/unit/book_test.c tests/unit/unit.h
tests_unit_book_test_CPPFLAGS = $(LEADER_TEST_CPPFLAGS)
tests_unit_book_test_LDADD = $(LEADER_TEST_LDADD)

# What nodes say that is not so.
UNIT_TESTS += tests/unit/lying_test
tests_unit_lying_test_SOURCES = tests/unit/lying_test.c $(LEDGER_RIG)
tests_unit_lying_test_CPPFLAGS = $(LEADER_TEST_CPPFLAGS)
tests_unit_lying_test_LDADD = $(LEADER_TEST_LDADD)

UNIT_TESTS += tests/unit/takeover_test
tests_unit_takeover_test_SOURCES = tests/unit/takeover_test.c $(LEADER_RIG)
tests_unit_takeover_test_CPPFLAGS = $(LEADER_TEST_CPPFLAGS)
tests_unit_takeover_test_LDADD = $(LEADER_TEST_LDADD)

UNIT_TESTS += tests/unit/failover_test
tests_unit_failover_test_SOURCES = tests/unit/failover_test.c $(LEADER_RIG)
tests_unit_failover_test_CPPFLAGS = $(LEADER_TEST_CPPFLAGS)
tests_unit_failover_test_LDADD = $(LIBAGENT) $(LIBLEADER) $(LIBNET) \
	$(LIBLEDGER) $(LIBPOLICY) $(LIBTOPO) $(LIBRPC) $(LIBIO) $(LIBWIRE) \
	$(LIBMODEL) $(LIBBASE) $(CUNIT_LIBS) $(LEADER_LIBS) $(TOPO_LIBS) \
	$(RPC_LIBS) $(IO_LIBS) $(WIRE_LIBS)

# The ranks as peers: one test for both transports.
UNIT_TESTS += tests/unit/net_test
tests_unit_net_test_SOURCES = tests/unit/net_test.c tests/unit/unit.h \
	tests/unit/net_conform.c tests/unit/net_conform.h
tests_unit_net_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_net_test_LDADD = $(LIBNET) $(LIBIO) $(LIBWIRE) $(LIBBASE) \
	$(CUNIT_LIBS) $(IO_LIBS) $(WIRE_LIBS)

check_PROGRAMS += tests/unit/net_mpi_check
tests_unit_net_mpi_check_SOURCES = tests/unit/net_mpi_check.c \
	tests/unit/net_conform.c tests/unit/net_conform.h
tests_unit_net_mpi_check_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_net_mpi_check_LDADD = $(LIBNETMPI) $(LIBNET) $(LIBIO) $(LIBWIRE) \
	$(LIBBASE) $(MPI_LIBS) $(IO_LIBS) $(WIRE_LIBS)
TESTS += tests/unit/net_mpi.sh
dist_check_SCRIPTS += tests/unit/net_mpi.sh

# The agent's parts.
UNIT_TESTS += tests/unit/output_test tests/unit/agent_join_test
tests_unit_output_test_SOURCES = tests/unit/output_test.c tests/unit/unit.h
tests_unit_output_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_output_test_LDADD = $(LIBAGENT) $(LIBIO) $(LIBWIRE) $(LIBBASE) \
	$(CUNIT_LIBS) $(IO_LIBS) $(WIRE_LIBS)
tests_unit_agent_join_test_SOURCES = tests/unit/agent_join_test.c \
	tests/unit/unit.h
tests_unit_agent_join_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_agent_join_test_LDADD = $(LIBAGENT) $(LIBNET) $(LIBIO) $(LIBWIRE) \
	$(LIBBASE) $(CUNIT_LIBS) $(IO_LIBS) $(WIRE_LIBS)
# Policies as shared objects.
UNIT_TESTS += tests/unit/policy_plugin_test
tests_unit_policy_plugin_test_SOURCES = tests/unit/policy_plugin_test.c \
	src/broker/policy_plugin.c tests/unit/unit.h
tests_unit_policy_plugin_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_policy_plugin_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)
tests_unit_policy_plugin_test_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
POLICY_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += tests/unit/good_policy.la tests/unit/bad_policy_abi.la \
	tests/unit/bad_policy_symbol.la
tests_unit_good_policy_la_SOURCES = tests/unit/policy_module.c
tests_unit_good_policy_la_LDFLAGS = $(POLICY_LDFLAGS)
tests_unit_bad_policy_abi_la_SOURCES = tests/unit/policy_module.c
tests_unit_bad_policy_abi_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_ABI
tests_unit_bad_policy_abi_la_LDFLAGS = $(POLICY_LDFLAGS)
tests_unit_bad_policy_symbol_la_SOURCES = tests/unit/policy_module.c
tests_unit_bad_policy_symbol_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_SYMBOL
tests_unit_bad_policy_symbol_la_LDFLAGS = $(POLICY_LDFLAGS)

# What was agreed on.
UNIT_TESTS += tests/unit/records_test
tests_unit_records_test_SOURCES = tests/unit/records_test.c tests/unit/unit.h
tests_unit_records_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_records_test_LDADD = $(LIBLEADER) $(LIBWIRE) $(LIBBASE) \
	$(CUNIT_LIBS) $(WIRE_LIBS)

# Accounting.
UNIT_TESTS += tests/unit/history_test
tests_unit_history_test_SOURCES = tests/unit/history_test.c tests/unit/unit.h
tests_unit_history_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_history_test_LDADD = $(LIBLEADER) $(LIBNET) $(LIBLEDGER) \
	$(LIBPOLICY) $(LIBTOPO) $(LIBMODEL) $(LIBIO) $(LIBWIRE) $(LIBBASE) \
	$(CUNIT_LIBS) $(LEADER_LIBS) $(TOPO_LIBS) $(IO_LIBS) $(WIRE_LIBS)

# Agreement.
UNIT_TESTS += tests/unit/agree_test
tests_unit_agree_test_SOURCES = tests/unit/agree_test.c tests/unit/unit.h
tests_unit_agree_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_agree_test_LDADD = $(LIBAGREE) $(LIBNET) $(LIBIO) $(LIBWIRE) \
	$(LIBBASE) $(CUNIT_LIBS) $(AGREE_LIBS) $(IO_LIBS) $(WIRE_LIBS)

UNIT_TESTS += tests/unit/agree_sim_test
tests_unit_agree_sim_test_SOURCES = tests/unit/agree_sim_test.c \
	tests/unit/agree_sim.c tests/unit/agree_sim.h \
	tests/unit/agree_sim_disk.c
tests_unit_agree_sim_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS) \
	-I$(top_srcdir)/tests/unit
tests_unit_agree_sim_test_LDADD = $(LIBAGREE) $(LIBNET) $(LIBIO) $(LIBWIRE) \
	$(LIBBASE) $(AGREE_LIBS) $(IO_LIBS) $(WIRE_LIBS)

# A whole Berth on a simulated clock: the broker with a loop, a launcher's link
# and an agreement's surroundings of its own, so those must come first.
UNIT_TESTS += tests/unit/job_sim_test
tests_unit_job_sim_test_SOURCES = tests/unit/job_sim_test.c \
	tests/unit/job_sim.c tests/unit/job_sim.h \
	tests/unit/job_sim_agree.c tests/unit/job_sim_client.c \
	tests/unit/job_sim_node.c tests/unit/sim_loop.c \
	tests/unit/agree_sim_disk.c tests/unit/agree_sim.h \
	src/broker/broker.c src/broker/leadership.c \
	src/plugins/batch/batch.c $(BATCH_SOURCES) $(PLUGIN_COMMON)
tests_unit_job_sim_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS) \
	$(PROTOBUF_C_CFLAGS) -I$(top_srcdir)/tests/unit
tests_unit_job_sim_test_LDADD = $(LIBAGENT) $(LIBLEADER) $(LIBAGREE) \
	$(LIBNET) $(LIBLEDGER) $(LIBPOLICY) $(LIBTOPO) $(LIBFRAMEWORK) \
	$(LIBIO) $(LIBWIRE) $(LIBMODEL) $(LIBBASE) $(LEADER_LIBS) \
	$(TOPO_LIBS) $(IO_LIBS) $(WIRE_LIBS) $(AGREE_LIBS)
