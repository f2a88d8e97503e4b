/*
 * event.h - one line of the event stream, decoded and checked.
 */
#ifndef FRAMEWORK_EVENT_H
#define FRAMEWORK_EVENT_H

#include <jansson.h>

#include <berth/plugin.h>

#include "base/error.h"
#include "framework/arena.h"

enum event_type {
	EVENT_UNKNOWN, /* of a newer broker: pass it over */
	EVENT_PING,
	EVENT_STATE,
	EVENT_JOB,
	EVENT_CANCEL,
	EVENT_OFFER,
	EVENT_RESCIND,
	EVENT_TASK,
	EVENT_REVOKE,
	EVENT_SPARED,
	EVENT_LOST,
	EVENT_ERROR,
};

/* Which member is set goes by type. */
struct event {
	enum event_type type;
	const char *type_name;
	const struct berth_state *state;
	const struct berth_job *job;
	const struct berth_offer *offer;
	const struct berth_task *task;
	const struct berth_refusal *refusal;
	uint64_t id;		/* cancel: job; rescind: offer; revoke: slice */
	unsigned deadline_ms;	/* revoke */
	const uint64_t *slices; /* lost */
	size_t n_slices;
	const char *node; /* lost */

	json_t *json; /* what the strings point into */
	struct arena arena;
};

void event_init(struct event *e);
void event_finish(struct event *e);

/* Decode a line (without its newline) over what e held before.  -1: it is not
 * an event; the text says where it is wrong. */
int event_read(struct event *e, const char *line, size_t len,
	       struct berth_error *err);

#endif
