/* surroundings.h - the environment that the broker hands on to what it starts
 * for others: its own, without what belongs to its rank. */
#ifndef BROKER_SURROUNDINGS_H
#define BROKER_SURROUNDINGS_H

#include <stddef.h>

/* "NAME=value" strings, NULL-terminated, with room for `more` further ones;
 * free with mem_strv_free. */
char **surroundings_create(size_t more, size_t *n);

#endif
