/*
 * shepherds.h - the shepherds of this node: started, adopted, linked,
 * reaped.  What they say is passed on; what it means is for others.
 *
 * States of one: starting -> linking -> up -> (link broken) -> over.  An
 * adopted one begins at linking.  When one is over everything that it left
 * behind has been killed.
 */
#ifndef LAUNCHER_SHEPHERDS_H
#define LAUNCHER_SHEPHERDS_H

#include <stdbool.h>
#include <stddef.h>

#include "io/loop.h"
#include "launcher/cgroup.h"
#include "launcher/coll.h"
#include "launcher/settings.h"
#include "wire/frame.h"

struct shepherds;

struct shepherds_events {
	/* Linked (again); its full report follows. */
	void (*up)(void *arg, const char *key);
	/* May be changed by the receiver. */
	void (*message)(void *arg, const char *key, Berth__Msg *msg);
	/* Over.  clean: it left by itself, with nothing to do; why: one line
	 * for the user. */
	void (*gone)(void *arg, const char *key, bool clean,
		     const char *why);
};

/* own: is this the key of the rank's shepherd? */
struct shepherds *shepherds_create(struct loop *l, const struct settings *s,
				   struct cgroups *cg,
				   bool (*own)(const char *key),
				   const struct shepherds_events *ev,
				   void *arg);
/* Closes the links; the shepherds run on. */
void shepherds_destroy(struct shepherds *sh);

/* The key of one that listens in the node's folder and is wanted, or NULL; the
 * caller frees. */
char *shepherds_find(const struct settings *s,
		     bool (*wanted)(const char *key));
/* Does every one answer that has left its socket in the folder? */
bool shepherds_all_live(const struct settings *s);
/* Link to every shepherd that listens in the node's folder. */
void shepherds_adopt(struct shepherds *sh);

/* Have all that were adopted reported what they run? */
bool shepherds_known(const struct shepherds *sh);
/* Start one, if it is not there.  spec (may be NULL) is of the job that it is
 * for: where that is an MPI job of our own user, the spare is used. */
int shepherds_start(struct shepherds *sh, const char *key,
		    const Berth__Spec *spec, struct berth_error *err);
/* To all that have a link. */
void shepherds_send_all(struct shepherds *sh, const Berth__Msg *msg);
/* What is sent before the link is up is kept.  -1: no such shepherd. */
int shepherds_send(struct shepherds *sh, const char *key,
		   const Berth__Msg *msg);
enum coll_shepherd shepherds_state(struct shepherds *sh, const char *key);
/* Those that skip (may be NULL) does not say yes to. */
size_t shepherds_count(const struct shepherds *sh,
		       bool (*skip)(const char *key));

/* SIGTERM to all that skip (may be NULL) does not say yes to. */
void shepherds_stop(struct shepherds *sh, bool (*skip)(const char *key));
/* SIGKILL, and to all that they started. */
void shepherds_kill(struct shepherds *sh);

/* A child of this process ended; false: it is no shepherd. */
bool shepherds_reaped(struct shepherds *sh, pid_t pid, int wait_status);

#endif
