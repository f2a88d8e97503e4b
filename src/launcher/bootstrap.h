/*
 * bootstrap.h - the dialogue of a launcher with who starts it (`berth up`, or
 * a rank under mpirun), over standard input and output, so that it works
 * through ssh and through srun, where all launchers hear the same and their
 * answers come mixed.  Secrets travel here and nowhere else.
 *
 *   starter                              launcher
 *   settings (settings.h) … end
 *                                        berth-launcher 1 NODE hello ADDRESS
 *                                            PID [ranked]
 *                                     or berth-launcher 1 NODE running
 *                                            ADDRESS PID
 *                                     or berth-launcher 1 NODE error TEXT
 *   roster VERSION
 *   member INDEX NODE ADDRESS  …
 *   late                       (the Berth runs already, somewhere)
 *   go
 *                                        berth-launcher 1 NODE ready
 *
 * "ranked": a rank of an earlier launcher was found alive.  "running": another
 * launcher has the folder, this one ends.  After ready the launcher closes
 * its standard streams.  If the starter goes away before, it ends.
 */
#ifndef LAUNCHER_BOOTSTRAP_H
#define LAUNCHER_BOOTSTRAP_H

#include <stdbool.h>

#include "io/loop.h"
#include "launcher/roster.h"
#include "launcher/settings.h"

struct bootstrap;

struct bootstrap_events {
	/* The settings are complete; make ready to say hello (bootstrap_say). */
	void (*settings)(void *arg);
	/* Off we go. */
	void (*go)(void *arg, bool late);
	/* The starter went away or speaks nonsense (said already). */
	void (*failed)(void *arg, const char *why);
};

/* Reads standard input into s and r. */
struct bootstrap *bootstrap_create(struct loop *l, struct settings *s,
				   struct roster *r,
				   const struct bootstrap_events *ev,
				   void *arg);
void bootstrap_destroy(struct bootstrap *b);

/* "berth-launcher 1 NODE text". */
void bootstrap_say(const struct settings *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
