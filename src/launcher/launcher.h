/*
 * launcher.h - one launcher: owns its services and carries messages between
 * them.  What a message means is in the services; which of them gets it is in
 * launcher.c, three tables by where it came from.
 */
#ifndef LAUNCHER_LAUNCHER_H
#define LAUNCHER_LAUNCHER_H

#include <stdbool.h>

#include "io/loop.h"
#include "launcher/roster.h"
#include "launcher/settings.h"

struct launcher;

/* settings and roster stay the caller's; settings have dir by now. */
struct launcher *launcher_create(struct loop *l, struct settings *s,
				 struct roster *r);
void launcher_destroy(struct launcher *la);

/* Listen for other launchers; fills in settings->address. */
int launcher_listen(struct launcher *la, struct berth_error *err);
/* Does a rank of an earlier launcher live here? */
bool launcher_finds_rank(const struct launcher *la);
/* Begin: door, shepherds of an earlier launcher, rank.  late: the Berth runs
 * already, so the rank joins. */
int launcher_start(struct launcher *la, bool late, struct berth_error *err);

/* End in order, with the tasks or without; loop_stop when done. */
void launcher_end(struct launcher *la, bool kill_tasks, const char *why);
/* After the loop has stopped: the program to exec in our place, the path of
 * the berth-launcher that is installed now; NULL: this was the end. */
const char *launcher_anew(const struct launcher *la);

#endif
