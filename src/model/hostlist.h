/*
 * hostlist.h - names of hosts as Slurm writes them: "n[1-4,07-12],login",
 * several brackets in a name too ("r[1-2]n[01-16]").
 */
#ifndef MODEL_HOSTLIST_H
#define MODEL_HOSTLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define HOSTLIST_MOST 1000000

/* All names, in their order, NULL-terminated; the caller frees them with
 * mem_strv_free.  NULL: it is malformed or names more than HOSTLIST_MOST; err
 * says what, without a place. */
char **hostlist_expand(const char *list, size_t *count,
		       struct berth_error *err);

#endif
