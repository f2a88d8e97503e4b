/* context.c - see context.h. */
#include "launcher/context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "launcher/nodedir.h"

#define BLOCK 1024
#define COUNTER_MASK 0xffffffu

struct contexts {
	char *dir;
	uint64_t next, reserved; /* next == reserved: a new block is needed */
};

struct contexts *contexts_create(const char *dir)
{
	struct contexts *c = mem_alloc(sizeof *c);

	c->dir = mem_strdup(dir);
	return c;
}

void contexts_destroy(struct contexts *c)
{
	if (c == NULL)
		return;
	free(c->dir);
	free(c);
}

static void reserve(struct contexts *c)
{
	char *text = c->reserved ? NULL : nodedir_read(c->dir, "contexts", NULL);
	struct berth_error err;
	char line[32];
	int n;

	if (text && sscanf(text, "%" SCNu64, &c->reserved) != 1)
		log_warn("%s/contexts holds no number", c->dir);
	free(text);
	c->next = c->reserved ? c->reserved : 1;
	c->reserved = c->next + BLOCK;
	n = snprintf(line, sizeof line, "%" PRIu64 "\n", c->reserved);
	if (nodedir_write(c->dir, "contexts", line, (size_t)n, &err) < 0)
		log_warn("%s", err.text);
}

uint64_t contexts_next(struct contexts *c, uint32_t index)
{
	if (c->next == c->reserved)
		reserve(c);
	return (uint64_t)index << 24 | (c->next++ & COUNTER_MASK);
}
