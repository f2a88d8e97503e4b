/*
 * output.h - readers of the tasks' output on this node.
 *
 * Output lies in files (NODE_DIR/jobs/JOB/INDEX[.RANK|.NSPACE.RANK].out and
 * .err; a link to the real file where the user named one), written by the
 * tasks themselves.  Readers pull ranges; a read that finds nothing yet is
 * parked until the file grows (inotify), the task is over, or its time is.
 * Nothing runs while nobody waits.
 *
 * A file is read only if it is a plain file that belongs to the owner of the
 * name it was found by: a job's user cannot have the broker read what is not
 * the user's.
 */
#ifndef BROKER_OUTPUT_H
#define BROKER_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"
#include "wire/frame.h"

struct output;

struct output_events {
	/* Is the task on its way or running? */
	bool (*lives)(void *arg, uint64_t job, uint32_t index);
	/* An answer for who asked; freed by output after the return. */
	void (*reply)(void *arg, const char *node, const Berth__Msg *msg);
};

struct output *output_create(struct loop *l, const char *node_dir,
			     const struct output_events *ev, void *arg,
			     struct berth_error *err);
void output_destroy(struct output *o);

void output_read(struct output *o, const char *node,
		 const Berth__OutputRead *req);
void output_cancel(struct output *o, const char *node, uint64_t id);
/* The asker is gone. */
void output_forget_node(struct output *o, const char *node);
/* A task of the job has begun or ended: look again. */
void output_task_changed(struct output *o, uint64_t job, uint32_t index);

#endif
