/*
 * env.h - the environment of a task while it is being put together.
 */
#ifndef SHEPHERD_ENV_H
#define SHEPHERD_ENV_H

#include <stddef.h>

struct env;

/* From "NAME=value" strings; those without a "=" are left out, of a name that
 * is there twice the last counts. */
struct env *env_create(char *const *strings, size_t n);
struct env *env_copy(const struct env *e);
void env_destroy(struct env *e); /* NULL is fine */

void env_set(struct env *e, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "NAME=value"; ignored without a "=". */
void env_put(struct env *e, const char *string);
void env_unset(struct env *e, const char *name);
const char *env_get(const struct env *e, const char *name); /* or NULL */

/*
 * Take out what another launcher left behind (OMPI_COMM_WORLD_*, PMIX_*,
 * ORTE_*, PRTE_*, SLURM_STEP*, …), which would make an MPI library take us
 * for that launcher.  A user's own settings of the MPI and PMIx libraries
 * (OMPI_MCA_btl and the like, PMIX_MCA_*) stay.
 */
void env_scrub(struct env *e);

/* NULL-terminated, for exec; lives until the environment changes. */
char *const *env_vector(struct env *e);

#endif
