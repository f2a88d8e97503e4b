/*
 * broker_job.h - the rank of the broker on this node, the first MPI job of
 * the virtual machine.
 *
 * The founders are one namespace "berth" over the roster.  A rank that dies is
 * started again after a back-off, in a namespace of its own ("berth.NODE.K",
 * one rank); it then joins the others by MPI_Comm_accept and connect, for
 * which BERTH_LATE=1 in its environment is the sign.
 *
 *   none -> running -> (died) -> waiting -> running …
 */
#ifndef LAUNCHER_BROKER_JOB_H
#define LAUNCHER_BROKER_JOB_H

#include <stdbool.h>

#include "io/loop.h"
#include "launcher/roster.h"
#include "launcher/settings.h"
#include "launcher/shepherds.h"

struct broker_job;

struct broker_job *broker_job_create(struct loop *l, const struct settings *s,
				     const struct roster *r,
				     struct shepherds *sh);
void broker_job_destroy(struct broker_job *b);

/* Is this the key of a shepherd of the broker? */
bool broker_job_owns(const char *shepherd);

/* Start the rank: with the founders, or late. */
void broker_job_start(struct broker_job *b, bool late);
/* A launcher that started again found the shepherd alive. */
void broker_job_adopt(struct broker_job *b, const char *shepherd);

/* A report of the rank's shepherd.  Returns true when the rank has just
 * died. */
bool broker_job_report(struct broker_job *b, const char *shepherd,
		       const Berth__TaskReport *r);
/* Returns true when the rank died with it. */
bool broker_job_shepherd_gone(struct broker_job *b, const char *shepherd,
			      const char *why);
/* Do not start the rank again. */
void broker_job_stop(struct broker_job *b);

#endif
