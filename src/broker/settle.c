#include "broker/settle.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"

enum {
	/* So long after the last node that has come, no other one is waited
	 * for: it is cut off, or its rank is being started. */
	QUIET_US = 300 * 1000,
	/* Nor after so long in any case. */
	PATIENCE_US = 8 * 1000 * 1000,
};

struct settle {
	struct book *book;
	struct map *awaited; /* names of nodes, to this */
	loop_f settled;
	void *arg;
	struct loop_timer *patience, *silence;
	uint64_t begun_us;
	bool over;
};

static void on_patience(void *arg)
{
	struct settle *s = arg;

	if (s->over)
		return;
	s->over = true;
	if (map_count(s->awaited) > 0)
		log_info("%zu nodes have not said what they run yet",
			 map_count(s->awaited));
	s->settled(s->arg);
}

/* Nobody knows what became of their tasks.  The nodes may still come: what
 * needs them waits, as it does for a node that is down. */
static void on_silence(void *arg)
{
	struct settle *s = arg;
	const char *name;
	size_t pos = 0;

	while (map_next(s->awaited, &pos, &name) != NULL)
		ledger_end_recalled(book_ledger(s->book), name, false,
				    "its node did not come back",
				    book_now());
}

static void wait_on(struct settle *s)
{
	uint64_t waited = loop_now_us() - s->begun_us;

	if (map_count(s->awaited) == 0 || waited >= PATIENCE_US)
		loop_timer_start(s->patience, 0);
	else
		loop_timer_start(s->patience, QUIET_US);
}

void settle_node(void *settle, const char *node, bool up)
{
	struct settle *s = settle;

	if (!up)
		return;
	map_remove(s->awaited, node);
	if (map_count(s->awaited) == 0)
		ledger_set_incomplete(book_ledger(s->book), false);
	if (!s->over)
		wait_on(s);
}

struct settle *settle_create(struct loop *loop, struct book *book,
			     struct nodes *nodes, const struct records *r,
			     uint32_t silent_ms, loop_f settled, void *arg)
{
	struct settle *s = mem_alloc(sizeof(*s));
	const char *name;
	size_t pos = 0;

	s->book = book;
	s->settled = settled;
	s->arg = arg;
	s->awaited = map_create();
	s->patience = loop_timer_create(loop, on_patience, s);
	s->silence = loop_timer_create(loop, on_silence, s);
	while ((name = records_next_node(r, &pos)) != NULL)
		map_put(s->awaited, name, s);
	s->begun_us = loop_now_us();
	wait_on(s);
	loop_timer_start(s->silence, (uint64_t)silent_ms * 1000);
	ledger_set_incomplete(book_ledger(book), map_count(s->awaited) > 0);
	nodes_on_change(nodes, settle_node, s);
	return s;
}

void settle_destroy(struct settle *s)
{
	if (s == NULL)
		return;
	loop_timer_destroy(s->patience);
	loop_timer_destroy(s->silence);
	map_destroy(s->awaited, NULL);
	free(s);
}
