/*
 * env.h - the environment that a job takes along: the user's, as with srun and
 * mpirun, without what belongs to another job or to us.
 */
#ifndef CLI_ENV_H
#define CLI_ENV_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "cli/opts.h"

/* A variable that does not travel: traces of an MPI job or a Slurm step that
 * we may be running in, and secrets.  inside_job: we are in an MPI job, so
 * its OMPI_MCA_* are not the user's own. */
bool env_is_private(const char *name, size_t len, bool inside_job);

/* environ as a JSON object. */
json_t *env_capture(void);

/* Add to env what mpirun's -x and srun's --export name: "VAR" (its value
 * here), "VAR=value". */
int env_add(json_t *env, const char *item, struct berth_error *err);

/* "--export": a comma-separated list; ALL is the whole environment, NONE is
 * PATH, HOME, USER and the like alone; other items as above.  A list without
 * ALL begins with nothing.  NULL when an item is wrong. */
json_t *env_export(const char *list, struct berth_error *err);

#endif
