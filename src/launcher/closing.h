/*
 * closing.h - how one launcher ends: with the tasks, without them, or only to
 * begin anew as the program that is installed now.
 *
 *              rank          framework hosts   tasks
 *   ALL        ended         ended             ended
 *   KEEP       ended         run on            run on
 *   ANEW       ended         ended             run on
 *
 *   open -> goodbye -> terminating -> killing -> (loop_stop)
 */
#ifndef LAUNCHER_CLOSING_H
#define LAUNCHER_CLOSING_H

#include <stdbool.h>

#include "io/loop.h"
#include "launcher/attendance.h"
#include "launcher/broker_job.h"
#include "launcher/cgroup.h"
#include "launcher/mesh.h"
#include "launcher/settings.h"
#include "launcher/shepherds.h"

enum closing_kind { CLOSING_ALL, CLOSING_KEEP, CLOSING_ANEW };

struct closing;

/* Whom it ends; all stay the caller's and outlive it. */
struct closing_of {
	const struct settings *settings;
	struct broker_job *broker;
	struct shepherds *shepherds;
	struct mesh *mesh;
	struct cgroups *cgroups;
	struct attendance *attendance;
};

struct closing *closing_create(struct loop *l, const struct closing_of *of);
void closing_destroy(struct closing *c);

/* Begin to end; when all is done the loop is stopped.  Once it has begun, later
 * calls do nothing. */
void closing_begin(struct closing *c, enum closing_kind kind, const char *why);
bool closing_begun(const struct closing *c);
/* It is over, and the launcher is to begin anew. */
bool closing_anew(const struct closing *c);
/* A shepherd is gone: was it the last one? */
void closing_advance(struct closing *c);

#endif
