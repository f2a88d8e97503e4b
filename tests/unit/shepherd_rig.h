/*
 * shepherd_rig.h - plays the launchers of a few nodes for real shepherds: it
 * starts them, routes messages between them, completes their collectives and
 * keeps what they publish.
 */
#ifndef TEST_SHEPHERD_RIG_H
#define TEST_SHEPHERD_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "io/loop.h"
#include "wire/frame.h"

#define RIG_NODES 4

struct rig;

struct rig_task {
	uint64_t job;
	uint32_t index;
	unsigned reports;
	Berth__TaskState state;
	Berth__TaskEnd end;
	int code, signal, rank;
	char text[256], node[16];
	uint64_t start_us, end_us, cpu_us, rss_kib;
	pid_t pid;
};

struct rig *rig_create(void); /* a folder of its own under /tmp */
void rig_destroy(struct rig *r); /* ends what it started, removes the folder */
const char *rig_dir(const struct rig *r);
struct loop *rig_loop(struct rig *r);

/* Start shepherd key on node "n<node>" and connect.  Returns its pid. */
pid_t rig_start(struct rig *r, unsigned node, const char *key);
/* Break the link, as if the launcher had died; connect again. */
void rig_cut(struct rig *r, unsigned node, const char *key);
void rig_connect(struct rig *r, unsigned node, const char *key);
void rig_send(struct rig *r, unsigned node, const char *key, Berth__Msg *msg);
/* Is the process gone? */
bool rig_gone(struct rig *r, unsigned node, const char *key);
/* Let ends be confirmed (default) or not. */
void rig_confirm(struct rig *r, bool on);

/* What is known of a task; NULL: nothing. */
const struct rig_task *rig_task(struct rig *r, uint64_t job, uint32_t index);
/* Run the loop until the task has ended; false: not within the time. */
bool rig_wait_end(struct rig *r, uint64_t job, uint32_t index, unsigned ms);
void rig_run(struct rig *r, unsigned ms);
unsigned rig_ended(const struct rig *r); /* how many in all */
uint64_t rig_fed(const struct rig *r, bool *closed);

/* Contents of an output file under jobs/ of a node ("1/0.out"), or NULL; the
 * caller frees. */
char *rig_output(struct rig *r, unsigned node, const char *file);

/*
 * An MPI job over nodes 0..nnodes-1 with per_node ranks each, in one shepherd
 * "j<job>" a node: start those and launch.
 */
struct rig_job {
	uint64_t job;
	unsigned nnodes, per_node;
	char *const *argv;
	bool bind, survive, want_stdin;
	unsigned walltime_ms;
	unsigned uid;
};
void rig_launch_mpi(struct rig *r, const struct rig_job *j);
/* Until all its tasks have ended. */
bool rig_wait_mpi(struct rig *r, const struct rig_job *j, unsigned ms);

#endif
