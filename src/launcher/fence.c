/* fence.c - see fence.h. */
#include "launcher/fence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "launcher/nodedir.h"

struct fence {
	char *dir;
	uint64_t term;
};

struct fence *fence_create(const char *dir)
{
	struct fence *f = mem_alloc(sizeof *f);
	char *text = nodedir_read(dir, "term", NULL);

	f->dir = mem_strdup(dir);
	if (text)
		f->term = strtoull(text, NULL, 10);
	free(text);
	return f;
}

void fence_destroy(struct fence *f)
{
	if (f == NULL)
		return;
	free(f->dir);
	free(f);
}

uint64_t fence_term(const struct fence *f)
{
	return f->term;
}

bool fence_raise(struct fence *f, uint64_t term)
{
	struct berth_error err;
	char text[32];
	int n;

	if (term <= f->term)
		return false;
	f->term = term;
	n = snprintf(text, sizeof text, "%" PRIu64 "\n", term);
	if (nodedir_write(f->dir, "term", text, (size_t)n, &err) < 0)
		log_error("%s", err.text);
	return true;
}
