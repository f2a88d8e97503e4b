/*
 * silence.h - why ranks are not there, as far as their logs lie here.
 */
#ifndef CLI_SILENCE_H
#define CLI_SILENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/census.h"

/* Print which nodes of the state directory are not up, and the ends of their
 * ranks' logs. */
void silence_explain(const char *dir, const struct census *census);

/*
 * A rank that cannot start says "berthd: why" and no more; to wait for it
 * would be in vain, though its launcher goes on trying.  False: none has said
 * so.
 */
bool silence_final(const char *dir, char *why, size_t size);

#endif
