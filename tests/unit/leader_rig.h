/*
 * leader_rig.h - a leader on node n0 with real HTTP in front of it, and on n0
 * and n1 agents that only say what a real one would: a unit test cannot run
 * launchers and shepherds.
 */
#ifndef TESTS_LEADER_RIG_H
#define TESTS_LEADER_RIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "broker/leader.h"
#include "io/http.h"

#define RIG_TASKS 64

/* What an agent was told to run. */
struct rig_task {
	uint64_t job, slice;
	uint32_t index, nranks;
	char shepherd[64], nspace[64], argv0[64], pus[64];
	int64_t array_index;
	bool ended;
};

struct rig_agent {
	struct net *net;
	const char *node;
	uint64_t incarnation;
	bool instant; /* tasks run and end with 0 as soon as they come */
	bool deaf;    /* answers nothing */
	bool stubborn; /* its tasks do not end when they are killed */
	struct rig_task task[RIG_TASKS];
	size_t ntasks;
	unsigned launches, kills, signals, reads, cancels, forgets, pings;
	uint32_t last_signal;
	int last_why; /* of a Kill, and its text */
	char last_text[160];
	size_t confirmed; /* ends that are on record */
	/* What each task printed, and how much of its input came. */
	const char *out;
	size_t out_len, stdin_len;
	bool out_over; /* the task that prints has ended */
	Berth__OutputRead parked;
	bool has_parked, stdin_eof;
};

struct rig {
	struct loop *loop;
	struct net_hub *hub;
	struct api_server *server;
	struct leader *leader;
	struct http_client *client;
	struct rig_agent agent[2];
	char dir[64], uri[128];
	unsigned ended;
	unsigned failover_ms; /* of frameworks; 0: 300 */
};

void rig_start(struct rig *r, const struct leader_config *more);
void rig_stop(struct rig *r);

/* Run the loop until *done, at most for two seconds; false: it never came. */
bool rig_until(struct rig *r, bool (*done)(void *arg), void *arg);
void rig_run(struct rig *r, unsigned ms);

/* Hello and an empty full report. */
void rig_join(struct rig *r, struct rig_agent *a);
void rig_hello(struct rig *r, struct rig_agent *a, bool with_xml);
/* A report of one task; full: and that is all there is. */
void rig_report(struct rig *r, struct rig_agent *a, const struct rig_task *t,
		int state, int end, int exit_code, bool full);
void rig_report_none(struct rig *r, struct rig_agent *a);
/* Answer the parked read. */
void rig_print(struct rig *r, struct rig_agent *a);

/* A call; returns the status and *answer (may be NULL), which is the caller's
 * to decref.  body is JSON text or NULL. */
int rig_call(struct rig *r, const char *method, const char *path,
	     const char *body, json_t **answer);
int rig_call_raw(struct rig *r, const char *token, const char *method,
		 const char *path, const void *body, size_t len,
		 json_t **answer);

/* A stream that is being read. */
struct rig_stream {
	struct rig *rig;
	struct http_call *call;
	char *text;
	size_t len;
	json_t *line[256];
	size_t nlines;
	bool done;
	int status;
};
void rig_open(struct rig *r, struct rig_stream *s, const char *path);
void rig_close(struct rig_stream *s);
/* The n-th (from 0) line of this type, waiting for it; NULL: it never came. */
json_t *rig_line(struct rig_stream *s, const char *type, size_t n);

/* A framework that has registered and reads its events. */
struct fw {
	struct rig *rig;
	char name[32], session[64];
	struct rig_stream stream;
};
void fw_register(struct rig *r, struct fw *f, const char *name);
/* Carry out calls, which are printed; returns how many were refused. */
size_t fw_calls(struct fw *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A demand, and what is offered for it: the offer's number.  nth: how many
 * offers there were before. */
long long fw_want(struct fw *f, unsigned count, unsigned cores, size_t nth,
		  json_t **offer);
/* A job with one task on n0 that is running; and its good end. */
long long fw_running_job(struct rig *r, struct fw *f, long long *slice);
void fw_end_job(struct rig *r, struct fw *f, long long id);
/* Submit this; returns its number. */
long long rig_submit(struct rig *r, const char *body);

/* A number or string deep in v: "a.b.0.c"; -1 or "" where there is none. */
long long rig_int(json_t *v, const char *path);
const char *rig_str(json_t *v, const char *path);

#endif
