/* closing.c - see closing.h. */
#include "launcher/closing.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "launcher/nodedir.h"

/* The rank may say good-bye, then SIGTERM, then SIGKILL. */
#define GOODBYE_US (300u * 1000)
#define TERM_US (8u * 1000 * 1000)
#define KILL_US (2u * 1000 * 1000)

enum stage { OPEN, GOODBYE, TERMINATING, KILLING, CLOSED };

struct closing {
	struct loop *loop;
	struct closing_of of;
	enum closing_kind kind;
	enum stage stage;
	struct loop_timer *timer;
};

static void next_stage(void *arg);

struct closing *closing_create(struct loop *l, const struct closing_of *of)
{
	struct closing *c = mem_alloc(sizeof *c);

	c->loop = l;
	c->of = *of;
	c->timer = loop_timer_create(l, next_stage, c);
	return c;
}

void closing_destroy(struct closing *c)
{
	if (c == NULL)
		return;
	loop_timer_destroy(c->timer);
	free(c);
}

/* ---- whom it spares ---- */

static bool not_the_broker(const char *shepherd)
{
	return !broker_job_owns(shepherd);
}

/* Hosts of frameworks have shepherds of their own, "f.NAME". */
static bool of_a_user(const char *shepherd)
{
	return !broker_job_owns(shepherd) && strncmp(shepherd, "f.", 2) != 0;
}

typedef bool (*spared_f)(const char *shepherd);

static spared_f spared(const struct closing *c)
{
	static const spared_f of[] = {
		[CLOSING_ALL] = NULL,
		[CLOSING_KEEP] = not_the_broker,
		[CLOSING_ANEW] = of_a_user,
	};

	return of[c->kind];
}

/* ---- the stages ---- */

static void finish(struct closing *c)
{
	log_info(c->kind == CLOSING_ANEW ? "begins anew" : "ended");
	loop_timer_stop(c->timer);
	c->stage = CLOSED;
	if (c->kind == CLOSING_ALL)
		nodedir_forget(c->of.settings->dir);
	else
		cgroups_spare(c->of.cgroups);
	loop_stop(c->loop);
}

void closing_advance(struct closing *c)
{
	if (c->stage != OPEN && c->stage != CLOSED &&
	    shepherds_count(c->of.shepherds, spared(c)) == 0 &&
	    mesh_queued(c->of.mesh) == 0)
		finish(c);
}

static void next_stage(void *arg)
{
	struct closing *c = arg;

	switch (c->stage) {
	case GOODBYE:
		c->stage = TERMINATING;
		shepherds_stop(c->of.shepherds, spared(c));
		loop_timer_start(c->timer, TERM_US);
		closing_advance(c);
		break;
	case TERMINATING:
		log_warn("shepherds did not end in time: killed");
		c->stage = KILLING;
		if (c->kind == CLOSING_ALL)
			shepherds_kill(c->of.shepherds);
		loop_timer_start(c->timer, KILL_US);
		break;
	default:
		finish(c);
		break;
	}
}

void closing_begin(struct closing *c, enum closing_kind kind, const char *why)
{
	static const char *const notes[] = {
		[CLOSING_ALL] = "this Berth ends",
		[CLOSING_KEEP] = "this Berth ends, tasks go on",
		[CLOSING_ANEW] = "this launcher and its rank begin anew, "
				 "tasks go on",
	};

	if (c->stage != OPEN)
		return;
	log_info("%s: %s", notes[kind], why);
	c->stage = GOODBYE;
	c->kind = kind;
	broker_job_stop(c->of.broker);
	if (kind == CLOSING_KEEP)
		attendance_keep(c->of.attendance);
	if (kind == CLOSING_ALL)
		shepherds_stop(c->of.shepherds, broker_job_owns);
	/* Of an end the rank has heard as well, and tells others of it. */
	loop_timer_start(c->timer, kind == CLOSING_ANEW ? 0 : GOODBYE_US);
}

bool closing_begun(const struct closing *c)
{
	return c->stage != OPEN;
}

bool closing_anew(const struct closing *c)
{
	return c->stage == CLOSED && c->kind == CLOSING_ANEW;
}
