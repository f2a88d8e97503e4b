/* wiring.c - see wiring.h. */
#include "ledger/wiring.h"

#include <stdlib.h>

#include "base/mem.h"

struct wiring {
	struct switches *switches;
	size_t *place; /* of those: their numbers here; 0: not yet */
	struct wired_switch *at;
	size_t count;
};

/* ---- the tree ---- */

/* The number of the one above; sw is the file's. */
static size_t above(const struct wiring *w, int sw)
{
	int up = switches_above(w->switches, sw);

	return up < 0 ? 0 : w->place[up];
}

/* How many there are below each, and how high it stands: in size and height,
 * by the file's numbers. */
static void measure(const struct switches *s, size_t *size, unsigned *height)
{
	for (int sw = 0; sw < (int)switches_count(s); sw++) {
		unsigned steps = 0;

		for (int up = sw; up >= 0; up = switches_above(s, up)) {
			size[up]++;
			if (height[up] < steps)
				height[up] = steps;
			steps++;
		}
	}
}

/* Number sw, which has so many below it, behind those that the one above it
 * has already: at its end so far. */
static void number(struct wiring *w, int sw, size_t size, unsigned height)
{
	size_t up = above(w, sw), place = w->at[up].end;

	w->place[sw] = place;
	w->at[up].end += size;
	w->at[place].above = up;
	w->at[place].end = place + 1;
	w->at[place].height = height;
	if (w->at[0].height <= height)
		w->at[0].height = height + 1;
}

struct wiring *wiring_create(struct switches *s)
{
	struct wiring *w = mem_alloc(sizeof(*w));
	size_t n = switches_count(s), *size = mem_array(n + 1, sizeof(*size));
	unsigned *height = mem_array(n + 1, sizeof(*height));
	int *path = mem_array(n + 1, sizeof(*path));

	w->switches = s;
	w->count = n + 1;
	w->place = mem_array(n + 1, sizeof(*w->place));
	w->at = mem_array(w->count, sizeof(*w->at));
	for (size_t i = 0; i < w->count; i++)
		TAILQ_INIT(&w->at[i].nodes);
	w->at[0].end = 1;
	measure(s, size, height);
	for (int sw = 0; sw < (int)n; sw++) {
		size_t deep = 0;

		/* Those above it are numbered first. */
		for (int up = sw; up >= 0 && w->place[up] == 0;
		     up = switches_above(s, up))
			path[deep++] = up;
		while (deep-- > 0)
			number(w, path[deep], size[path[deep]],
			       height[path[deep]]);
	}
	free(path);
	free(height);
	free(size);
	return w;
}

void wiring_destroy(struct wiring *w)
{
	if (w == NULL)
		return;
	switches_destroy(w->switches);
	free(w->place);
	free(w->at);
	free(w);
}

/* ---- nodes ---- */

/* So much more, from sw to the top. */
static void count(struct wiring *w, size_t sw, int nodes, uint64_t cores)
{
	for (;; sw = w->at[sw].above) {
		w->at[sw].count += (size_t)nodes;
		w->at[sw].cores += cores;
		if (sw == 0)
			return;
	}
}

void wiring_put(struct wiring *w, struct node *n)
{
	uint64_t more = n->free.cores;
	struct wired_switch *s;

	if (w == NULL)
		return;
	if (n->index.wired) {
		more -= n->index.wired_cores;
	} else {
		int sw = switches_of(w->switches, n->name);

		n->index.at_switch = sw < 0 ? 0 : (uint32_t)w->place[sw];
	}
	if (n->index.wired && more == 0)
		return;
	s = &w->at[n->index.at_switch];
	if (!n->index.wired) {
		TAILQ_INSERT_TAIL(&s->nodes, n, index.wire);
		s->own++;
	}
	s->own_cores += more;
	count(w, n->index.at_switch, n->index.wired ? 0 : 1, more);
	n->index.wired = true;
	n->index.wired_cores = n->free.cores;
}

void wiring_remove(struct wiring *w, struct node *n)
{
	struct wired_switch *s;

	if (w == NULL || !n->index.wired)
		return;
	s = &w->at[n->index.at_switch];
	TAILQ_REMOVE(&s->nodes, n, index.wire);
	s->own--;
	s->own_cores -= n->index.wired_cores;
	count(w, n->index.at_switch, -1, -n->index.wired_cores);
	n->index.wired = false;
	n->index.wired_cores = 0;
}

size_t wiring_count(const struct wiring *w)
{
	return w->count;
}

const struct wired_switch *wiring_at(const struct wiring *w, size_t sw)
{
	return &w->at[sw];
}
