/*
 * scenario.h - what is to be simulated: the cluster, the frameworks and their
 * jobs, from a file in libconfig's syntax.  doc/simulation.md says what may be
 * in it.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/role.h"
#include "model/topology.h"
#include "sim/app.h"
#include "sim/work.h"

/* A node that fails at that time, and for how long. */
struct failure {
	uint64_t at_us, for_us;
	unsigned node;
};

struct scenario {
	char *name, *policy;
	uint64_t seed;
	unsigned nodes;
	unsigned file_nodes; /* as the file says: partitions are of these */
	unsigned cores;	     /* of a node */
	uint64_t memory_mib;
	struct topology *topology;
	const struct topology **topologies; /* of each node; NULL: as above */
	uint64_t all_cores, all_mib; /* with them: of all nodes */
	uint64_t latency_us, start_us, round_us;
	uint64_t stop_us;	     /* to leave when told to */
	uint64_t mtbf_us, repair_us; /* of each node; 0: none fails by chance */
	struct failure *failure;
	size_t nfailures;
	uint64_t bin_us;     /* of the curves */
	uint64_t measure_us; /* utilisation is that up to then; 0: the end */
	struct role_setting *role; /* its strings are the scenario's */
	size_t nroles;
	struct app_conf *app;
	size_t napps;
	struct worklist work;
	struct buf made_up; /* in words */
};

/* What the command line changes; 0 and NULL: as the file says. */
struct scenario_changes {
	uint64_t seed;
	unsigned nodes;
	bool guarantee; /* to each role the cores of its static partition */
};

struct scenario *scenario_read(const char *path,
			       const struct scenario_changes *changes,
			       struct berth_error *err);
void scenario_destroy(struct scenario *s); /* NULL is fine */

struct ledger;
struct reader;

/* Set the roles on a ledger that has its nodes.  -1: they contradict each
 * other; *wrong is then the index of the one that was refused. */
int scenario_set_roles(const struct scenario *s, struct ledger *l,
		       uint64_t now_us, size_t *wrong, struct berth_error *err);

/* Of all nodes. */
uint64_t scenario_cores(const struct scenario *s);
uint64_t scenario_mib(const struct scenario *s);

/* Nodes of its static partition: as large a part as in the file. */
unsigned scenario_partition(const struct scenario *s, const struct app_conf *a);
/* Tasks of the framework that fit on so many nodes at once. */
uint64_t scenario_slots(const struct scenario *s, const struct app_conf *a,
			unsigned nodes);

/* Of scenario_roles.c: those of the file; or each role is guaranteed the cores
 * that the frameworks in it have in the baseline, and the file sets none. */
void scenario_read_roles(struct reader *r);
void scenario_guarantee(struct reader *r);

#endif
