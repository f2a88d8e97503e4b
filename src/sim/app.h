/*
 * app.h - a framework in the simulation: a model of a scheduler behind one
 * table of functions, a client of the ledger's calls as a real one is of the
 * broker's.
 *
 * What a model is told reaches it late, by the pool's latency, and what it
 * does is a call of pool.h.  It owns its own state alone.
 */
#ifndef SIM_APP_H
#define SIM_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/demand.h"
#include "model/task.h"
#include "sim/clock.h"
#include "sim/tally.h"
#include "sim/work.h"

struct app;
struct pool;

/* A slice that is offered, or one that is held. */
struct grant {
	uint64_t slice;
	uint32_t node;	   /* of the cluster, from 0 */
	bool want;	   /* the model's answer */
	uint64_t since_us; /* held since then; the model's */
	void *job;	   /* the model's: what it is for … */
	uint32_t task;	   /* … */
};

/* A task. */
struct run {
	struct app *app;
	void *job; /* the model's */
	struct work *work;
	uint64_t id; /* of the job in the ledger */
	uint32_t index;
	unsigned stage;
	uint32_t task; /* of the stage */
	struct grant at;
	struct amount amount;
	uint64_t length_us, launched_us, began_us;
	bool ranked; /* one of a job's ranks: none goes on without the others */
	bool kept;   /* what it did is not lost when it is revoked */
	bool busy;
	enum task_end told; /* to end, before its time */
	enum task_end end;  /* how it did, … */
	uint64_t ran_us;    /* … after so long */
	struct alarm alarm;
};

struct app_ops {
	const char *kind;
	const char *doc; /* one line */
	void (*create)(struct app *a);
	void (*destroy)(struct app *a);
	/* A job of it is submitted; the ledger knows it as id. */
	void (*submit)(struct app *a, struct work *w, uint64_t id);
	/* Slices are offered for a demand: say which are wanted.  Those are
	 * held when granted is called right after. */
	void (*offer)(struct app *a, const char *demand, struct grant *g,
		      size_t n);
	void (*granted)(struct app *a, const char *demand, struct grant *g,
			size_t n);
	/* A task of it ended; r is gone after.  Its slice is still held if
	 * held is true. */
	void (*ended)(struct app *a, struct run *r, bool held);
	/* The slice is to be given back (its tasks have been told to leave by
	 * themselves), or, held false, is gone.  NULL: it never holds one in
	 * which nothing runs. */
	void (*taken)(struct app *a, uint64_t slice, bool held);
	/* A while after app_soon, or at the time of app_wake. */
	void (*wake)(struct app *a);
};

/* What a scenario says of a framework. */
struct app_conf {
	char *name, *role;
	const struct app_ops *ops;
	struct request unit; /* of one task or executor */
	unsigned partition;  /* nodes in the static baseline */
	uint64_t delay_us;   /* hadoop: wait for a node with the data */
	uint64_t hold_us;    /* hadoop, elastic: keep a slice so long */
	double remote;	     /* a task without its data takes so much longer */
	unsigned replicas;
	bool fifo;	   /* hadoop: its jobs one after the other */
	unsigned per_node; /* gang: so many of its tasks on each node */
	int priority;
	enum packing packing;
	bool firm;	   /* no revocable slices */
	bool checkpoint;   /* gang: goes on where it was revoked */
	uint64_t grace_us; /* of its jobs; 0: the ledger's */
};

struct app {
	const struct app_ops *ops;
	const struct app_conf *conf;
	unsigned index;
	struct pool *pool;
	void *own; /* the model's */
	struct alarm wake;

	/* What it had, for the result. */
	struct amount busy;
	struct tally busy_cores, busy_mib, used_cores, used_mib;
	uint64_t offers, declined, partly; /* whole offers; some slices */
	uint64_t units_offered, units_taken;
	uint64_t revoked; /* slices that it was told to give back */
	struct tally taken;	/* tasks that were revoked, by time */
	struct tally lost_work; /* core seconds, by time */
	double wait_s; /* hadoop: of jobs for a node with their data */
	uint64_t waits;
};

extern const struct app_ops app_hadoop;	 /* hadoop.c */
extern const struct app_ops app_spark;	 /* workers.c */
extern const struct app_ops app_elastic; /* workers.c */
extern const struct app_ops app_mpi;	 /* gang.c */
extern const struct app_ops app_service; /* gang.c */
extern const struct app_ops app_recorded; /* gang.c; for replays alone */

/* err names those there are. */
const struct app_ops *app_find(const char *kind, struct berth_error *err);

/* Wake it as soon as a message would reach the broker; at a time. */
void app_soon(struct app *a);
void app_wake(struct app *a, uint64_t at_us);

#endif
