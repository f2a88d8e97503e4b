/*
 * prompt.h - prompt acknowledgements to ranks that leave.
 *
 * On its way out a PMIx client sends several short messages that nobody
 * answers; Nagle's algorithm holds the second until the first is
 * acknowledged, and our kernel takes 40 ms for that.  The client's socket is
 * out of reach, but ours can be made to acknowledge at once: for a moment
 * after whatever may come before leaving, that is done every millisecond.
 */
#ifndef SHEPHERD_PROMPT_H
#define SHEPHERD_PROMPT_H

#include "io/loop.h"

struct prompt;

struct prompt *prompt_create(struct loop *l);
void prompt_destroy(struct prompt *p); /* NULL is fine */
/* Ranks may leave soon. */
void prompt_expect(struct prompt *p);

#endif
