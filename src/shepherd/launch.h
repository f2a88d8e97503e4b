/*
 * launch.h - what one Launch (or SpawnStart) asked for, shared by its tasks.
 *
 * Owns a copy of the message and the scrubbed environment of each of its
 * programs; counted references, so that a queue of ten thousand tasks keeps
 * it once.
 */
#ifndef SHEPHERD_LAUNCH_H
#define SHEPHERD_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "shepherd/env.h"
#include "wire/frame.h"

struct launch {
	unsigned refs;
	Berth__Msg *msg;	   /* owns what the others point into */
	const Berth__Spec *spec;   /* never NULL */
	const Berth__JobMap *map;  /* NULL: plain tasks */
	Berth__TaskSpec **tasks;   /* of a Launch */
	size_t ntasks;
	bool spawned;		   /* a namespace that MPI_Comm_spawn made */
	bool abandoned;		   /* how its ranks end means nothing */
	struct env **env;	   /* per program; job-wide settings are in */
	char **path;		   /* per program, once it has been found */
};

/*
 * Check msg (a Launch or a SpawnStart) and take a copy.  NULL when it names no
 * program, or its ranks and map do not fit together.
 */
struct launch *launch_create(const Berth__Msg *msg, struct berth_error *err);
struct launch *launch_ref(struct launch *l);
void launch_unref(struct launch *l); /* NULL is fine */

/* Index of the program that rank runs (rank < 0: the first). */
size_t launch_app_of(const struct launch *l, int32_t rank);
/* Namespace, or "" for plain tasks. */
const char *launch_nspace(const struct launch *l);
/* Ranks in the whole namespace; 0 for plain tasks. */
uint32_t launch_size(const struct launch *l);

#endif
