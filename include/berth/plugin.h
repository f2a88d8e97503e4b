/*
 * plugin.h - the framework plugin ABI.
 *
 * A plugin is a shared object that exports one symbol, `berth_plugin`, of
 * type `const struct berth_plugin`.  berth-framework loads it into a process
 * of its own, registers it as a framework and turns the events of the HTTP
 * API (doc/api.md) into the callbacks below.  doc/plugins.md is the guide.
 *
 * Threads: every callback runs on one thread, one at a time, and must not
 * block; wait with a timer.  Host operations are called from callbacks only.
 *
 * Memory: what a callback is handed belongs to the host and is gone when it
 * returns; copy what you keep.  What an operation is handed is copied before
 * it returns.  Strings handed by the host are never NULL.
 *
 * Growth: every struct begins with `size`, the sizeof of the side that made
 * it, and new members are only ever added at the end.  A reader treats a
 * member beyond `size` as zero (BERTH_HAS asks); arrays hold pointers, so an
 * element may grow as well.  Whatever can't be done this way raises
 * BERTH_PLUGIN_ABI, and a plugin of another number is refused.
 */
#ifndef BERTH_PLUGIN_H
#define BERTH_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BERTH_PLUGIN_ABI 1
#define BERTH_PLUGIN_SYMBOL "berth_plugin"

/* Start a struct of this header: struct berth_demand d = BERTH_INIT(d); */
#define BERTH_INIT(var) { .size = sizeof(var) }

/* Did the maker of *p know this member? */
#define BERTH_HAS(p, member)                                                   \
	((p)->size >= (size_t)((const char *)(&(p)->member + 1) -              \
			       (const char *)(p)))

/* ---- resources ---- */

/* What one unit of a demand holds; all of it on one node. */
struct berth_request {
	size_t size;
	unsigned cores;
	uint64_t memory_mib;
	unsigned gpus;
	const char *gpu_vendor; /* NULL or "": any */
	uint64_t drive_mib;
};

struct berth_label {
	size_t size;
	const char *name, *value;
};

/* Hard: a slice that breaks one of these is not offered. */
struct berth_constraints {
	size_t size;
	const struct berth_label *const *labels;
	size_t n_labels;
	const char *const *nodes; /* only these; none: all */
	size_t n_nodes;
	const char *const *exclude;
	size_t n_exclude;
	bool exclusive;	       /* nobody else on the node */
	unsigned per_node;     /* exactly so many units on a node; 0: any */
	unsigned min_per_node; /* at least */
	const char *fit;       /* no slice is spread wider than this part of
				  the tree: "core" … "node"; NULL or "": any */
	const char *const *datasets; /* nodes that hold all of these */
	size_t n_datasets;
};

enum berth_packing { BERTH_PACK_ANY, BERTH_PACK, BERTH_SPREAD };

/* What a gang is to be close together by; ANY: switches, where the broker
 * knows them. */
enum berth_layout {
	BERTH_LAYOUT_ANY,
	BERTH_LAYOUT_SWITCHES, /* few switches */
	BERTH_LAYOUT_NODES,    /* few nodes */
	BERTH_LAYOUT_EQUAL,    /* as many units on each of its nodes */
};

/* Soft: the broker does what it can. */
struct berth_preferences {
	size_t size;
	const char *const *nodes;
	size_t n_nodes;
	enum berth_packing packing;
	const char *const *datasets; /* nodes that hold some of these */
	size_t n_datasets;
	const struct berth_label *const *labels; /* … or have all of these */
	size_t n_labels;
	unsigned wait_ms; /* so long no other nodes will do; at most 5000 */
	enum berth_layout layout;
};

/* A GPU, a drive or a fabric port. */
struct berth_device {
	size_t size;
	const char *name, *pci, *uuid, *vendor, *model;
	uint64_t mib; /* of a drive: how much of it */
};

struct berth_numa_memory {
	size_t size;
	unsigned numa; /* OS index */
	uint64_t mib;
};

enum berth_slice_state {
	BERTH_SLICE_OFFERED,
	BERTH_SLICE_HELD, /* by this framework, nothing runs in it */
	BERTH_SLICE_BUSY, /* tasks run in it or wait for it */
};

/* Cores, memory and devices on one node. */
struct berth_slice {
	size_t size;
	uint64_t id;
	const char *node;
	unsigned units;	    /* how often the demand's request fits in it */
	unsigned cores;
	const char *pus;    /* list form: "0-7" */
	const char *const *core_pus; /* the same core by core */
	size_t n_core_pus;
	uint64_t memory_mib;
	const struct berth_numa_memory *const *memory;
	size_t n_memory;
	const struct berth_device *const *gpus;
	size_t n_gpus;
	const struct berth_device *const *drives;
	size_t n_drives;
	const char *const *ports;
	size_t n_ports;
	const char *fit;       /* smallest part of the tree that holds it */
	unsigned gpu_distance; /* 0 same NUMA node, 1 same package, 2 farther */
	bool revocable;
	enum berth_slice_state state;
	uint64_t job; /* that it was last used for; 0: none */
};

/* ---- demands and offers ---- */

struct berth_demand {
	size_t size;
	const char *id;	   /* the framework's choice; the same id changes it */
	unsigned count;	   /* units wanted; with gang: all of them or none */
	unsigned max;	   /* more than count are welcome up to this; 0: count */
	bool gang;
	bool separate;	   /* every unit is a slice of its own */
	const struct berth_request *request;
	const struct berth_constraints *constraints; /* NULL: none */
	const struct berth_preferences *prefer;	     /* NULL: none */
	const char *role;  /* NULL: the framework's */
	int priority;
	bool no_revocable; /* do not offer what may be taken back */
};

struct berth_offer {
	size_t size;
	uint64_t id;
	const char *demand; /* "" when it was asked for with ask() */
	const struct berth_slice *const *slices;
	size_t n_slices;
	unsigned expires_ms;
};

/* ---- jobs and tasks ---- */

enum berth_job_state { BERTH_JOB_QUEUED, BERTH_JOB_RUNNING, BERTH_JOB_ENDED };

/* What a user submitted. */
struct berth_job {
	size_t size;
	uint64_t id;
	const char *name, *role, *user;
	enum berth_job_state state;
	int64_t submitted_at; /* ms of the Unix epoch */
	const char *const *argv;
	size_t n_argv;
	const char *const *env; /* "NAME=value" */
	size_t n_env;
	bool has_env; /* false: the user gave none */
	const char *cwd;
	bool want_stdin;
	unsigned walltime_ms, stop_signal, grace_ms;
	int priority;
	/* cores, memory, … of one rank or task */
	const struct berth_request *request;
	const struct berth_constraints *constraints; /* never NULL */
	const struct berth_preferences *prefer;	     /* never NULL */
	const char *options; /* JSON text of the framework's own options: an
				object, "{}" when there are none */
	bool no_requeue; /* once its slices were taken back, it ends */
	unsigned restarts; /* after a failure it is to be started again, so
			      often */
	unsigned checkpoint_signal; /* sent when its slices are wanted back;
				       what it did is not lost then; 0: none */
};

enum berth_task_state {
	BERTH_TASK_STARTING,
	BERTH_TASK_RUNNING,
	BERTH_TASK_ENDED,
};

enum berth_task_end {
	BERTH_END_NONE,
	BERTH_END_EXITED,	/* exit_code */
	BERTH_END_SIGNALED,	/* signal */
	BERTH_END_ABORTED,	/* MPI_Abort: exit_code */
	BERTH_END_NO_FINALIZE,	/* a rank left without MPI_Finalize */
	BERTH_END_KILLED,	/* on request */
	BERTH_END_REVOKED,	/* its slice was taken back */
	BERTH_END_WALLTIME,
	BERTH_END_FAILED_START, /* text says why */
	BERTH_END_LOST,		/* node, launcher or shepherd is gone */
};

/* What runs in one slice. */
struct berth_task {
	size_t size;
	uint64_t job;
	unsigned index;	     /* the task is "job.index" */
	int64_t array_index; /* -1: none */
	const char *node;
	uint64_t slice;
	enum berth_task_state state;
	enum berth_task_end end;
	int exit_code, signal;
	int rank; /* whose end decided it; -1: none */
	const unsigned *ranks;
	size_t n_ranks;
	const char *text;
	int64_t started_at, ended_at; /* ms of the Unix epoch */
	uint64_t cpu_ms, max_rss_kib;
};

/* One program of an MPMD job. */
struct berth_app {
	size_t size;
	const char *const *argv;
	size_t n_argv;
	const char *const *env; /* "NAME=value"; with has_env false: the job's */
	size_t n_env;
	bool has_env;
	const char *cwd; /* NULL: the job's */
	unsigned ranks;	 /* apps follow one another: 0…ranks-1, ranks…  */
};

struct berth_launch_task {
	size_t size;
	unsigned index; /* unique in the job, over all its launches */
	uint64_t slice;
	const unsigned *ranks; /* with pmix */
	size_t n_ranks;
	const char *const *args; /* after the job's argv */
	size_t n_args;
	const char *const *env; /* over the job's */
	size_t n_env;
	int64_t array_index; /* BERTH_NO_INDEX: none */
};
#define BERTH_NO_INDEX INT64_C(-1)

/*
 * Start tasks in slices that are held, or that an accept just before asks
 * for.  Tasks that name the same slice run one after the other, in order.
 * With pmix the tasks of one launch are one MPI job: their ranks together are
 * 0 … N-1.  What is NULL comes from the job.
 */
struct berth_launch {
	size_t size;
	uint64_t job;
	const struct berth_launch_task *const *tasks;
	size_t n_tasks;
	bool pmix;
	const char *bind_to; /* "core", "numa", "l3", "socket", "none" */
	const char *map_by;  /* order of a node's ranks on its cores: "core"
				(one after the other) or round robin over
				"numa", "l3", "socket" */
	const struct berth_app *const *apps; /* MPMD */
	size_t n_apps;
	const char *const *argv; /* NULL: the job's */
	size_t n_argv;
	bool report_bindings;
	bool ft; /* with pmix: a rank that dies does not end its job; the other
		    ranks hear of it */
};

enum berth_outcome {
	BERTH_DONE,	 /* exit code 0 */
	BERTH_FAILED,	 /* exit_code says how */
	BERTH_CANCELLED,
	BERTH_TIMEOUT,
	BERTH_LOST,
};

struct berth_job_end {
	size_t size;
	enum berth_outcome outcome;
	int exit_code; /* its own, or 128 + signal */
	const char *text; /* one line for the user */
};

/* ---- the host ---- */

enum berth_log_level {
	BERTH_LOG_ERROR,
	BERTH_LOG_WARN,
	BERTH_LOG_INFO,
	BERTH_LOG_DEBUG,
};

enum berth_call {
	BERTH_CALL_OTHER,
	BERTH_CALL_DEMAND,
	BERTH_CALL_ACCEPT,
	BERTH_CALL_DECLINE,
	BERTH_CALL_SUPPRESS,
	BERTH_CALL_REVIVE,
	BERTH_CALL_LAUNCH,
	BERTH_CALL_RELEASE,
	BERTH_CALL_KILL,
	BERTH_CALL_JOB,
	BERTH_CALL_ASK,
	BERTH_CALL_YIELD,
};

struct berth_host; /* opaque: passed back with each operation */
struct berth_timer;

typedef void (*berth_timer_f)(void *arg);

/*
 * Operations.  They only queue: the calls of one pass through the loop go out
 * together, in order, and a refusal comes later as the error callback.
 * -1 (with err, which may be NULL): the arguments are wrong, or more is
 * queued than the broker will take; nothing was queued.
 */
struct berth_host_ops {
	size_t size;
	int (*demand)(struct berth_host *h, const struct berth_demand *d,
		      struct berth_error *err);
	int (*withdraw)(struct berth_host *h, const char *demand,
			struct berth_error *err);
	/* Offer me whatever is free, even where it fits no demand of mine. */
	int (*ask)(struct berth_host *h, const char *demand,
		   struct berth_error *err);
	/* Hold these slices of an offer; the rest of it goes back. */
	int (*accept)(struct berth_host *h, uint64_t offer,
		      const uint64_t *slices, size_t n,
		      struct berth_error *err);
	/* No offers for so long: from these nodes, or (n = 0) for the demand
	 * of this offer at all. */
	int (*decline)(struct berth_host *h, uint64_t offer, unsigned filter_ms,
		       const char *const *nodes, size_t n,
		       struct berth_error *err);
	int (*suppress)(struct berth_host *h, struct berth_error *err);
	int (*revive)(struct berth_host *h, struct berth_error *err);
	int (*launch)(struct berth_host *h, const struct berth_launch *l,
		      struct berth_error *err);
	/* Give slices back; only when nothing runs in them. */
	int (*release)(struct berth_host *h, const uint64_t *slices, size_t n,
		       struct berth_error *err);
	/* index -1: every task of the job.  signal 0: the job's stop signal;
	 * grace_ms 0: the job's grace. */
	int (*kill)(struct berth_host *h, uint64_t job, int64_t index,
		    int signal, unsigned grace_ms, struct berth_error *err);
	int (*job_running)(struct berth_host *h, uint64_t job,
			   struct berth_error *err);
	/* Final. */
	int (*job_ended)(struct berth_host *h, uint64_t job,
			 const struct berth_job_end *end,
			 struct berth_error *err);

	/* One-shot; starting it again moves it.  Not stopped by anything but
	 * these calls; all are gone after destroy. */
	struct berth_timer *(*timer_create)(struct berth_host *h,
					    berth_timer_f cb, void *arg);
	void (*timer_start)(struct berth_timer *t, unsigned delay_ms);
	void (*timer_stop)(struct berth_timer *t);
	void (*timer_destroy)(struct berth_timer *t); /* NULL is fine */

	/* Milliseconds of a clock that only goes forward. */
	uint64_t (*now_ms)(struct berth_host *h);

	void (*log)(struct berth_host *h, enum berth_log_level level,
		    const char *fmt, ...)
#ifdef __GNUC__
		__attribute__((format(printf, 3, 4)))
#endif
		;

	/* Answer revoke: give these slices back now, their tasks are told to
	 * end; or (m > 0) have these others taken back in their place, which
	 * the broker refuses when the claimant would lose by it. */
	int (*yield)(struct berth_host *h, const uint64_t *slices, size_t n,
		     const uint64_t *instead, size_t m,
		     struct berth_error *err);
};

struct berth_setup {
	size_t size;
	struct berth_host *host;
	const struct berth_host_ops *ops; /* lives as long as the plugin */
	const char *name, *role;	  /* as registered; live as long */
};

/* ---- the plugin ---- */

/* What the broker knows of this framework. */
struct berth_state {
	size_t size;
	const struct berth_job *const *jobs; /* not ended, oldest first */
	size_t n_jobs;
	const struct berth_task *const *tasks; /* of these jobs, ended too */
	size_t n_tasks;
	const struct berth_slice *const *slices; /* held or busy */
	size_t n_slices;
};

/* A call that was refused; members that do not belong to it are 0 or "". */
struct berth_refusal {
	size_t size;
	enum berth_call call;
	uint64_t job, offer;
	const char *demand;
	const uint64_t *slices; /* of accept, release, launch, yield */
	size_t n_slices;
	const unsigned *tasks; /* of launch: indices; slices[i] is its slice */
	size_t n_tasks;
	const char *text;
	const uint64_t *instead; /* of yield */
	size_t n_instead;
};

struct berth_plugin {
	unsigned abi;	 /* BERTH_PLUGIN_ABI */
	size_t size;	 /* sizeof(struct berth_plugin) */
	const char *name; /* the file is called name.so */
	const char *options_doc; /* the job options, a line each; or NULL */

	/* create: NULL with err when it can't; the host then ends. */
	void *(*create)(const struct berth_setup *setup,
			struct berth_error *err);
	void (*destroy)(void *self);

	/* The first callback, and again after each loss of the connection:
	 * forget what you knew, this is how things are.  Offers made before
	 * are void, calls before it that had no effect are lost. */
	void (*state)(void *self, const struct berth_state *state);
	void (*job)(void *self, const struct berth_job *job);
	/* A user wants it ended; the plugin kills and reports the end. */
	void (*cancel)(void *self, uint64_t job);

	/* The rest may be NULL. */
	void (*offer)(void *self, const struct berth_offer *offer);
	void (*rescind)(void *self, uint64_t offer);
	/* A task changed; the slice of an ended one stays held until it is
	 * released. */
	void (*task)(void *self, const struct berth_task *task);
	/* Give this slice back until then. */
	void (*revoke)(void *self, uint64_t slice, unsigned deadline_ms);
	/* Their node is gone; the ends of their tasks came before. */
	void (*lost)(void *self, const uint64_t *slices, size_t n,
		     const char *node);
	void (*error)(void *self, const struct berth_refusal *refusal);
	/* All events that had arrived are delivered: a place to decide once
	 * for many of them.  Also runs after timers. */
	void (*settle)(void *self);
	/* A slice that was to be given back is not any more; none of its tasks
	 * heard of it. */
	void (*spared)(void *self, uint64_t slice);
	/* So long after revoke, at most 1000, tasks do not hear of it, which is
	 * the time for yield.  0: they hear at once. */
	unsigned react_ms;
};

#ifdef __cplusplus
}
#endif
#endif
