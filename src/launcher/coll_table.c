/* coll_table.c - see coll_table.h. */
#include "launcher/coll_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "launcher/status.h"

/* How much is kept of what has ended. */
#define OVER_MAX 64
#define OVER_BYTES (4u << 20)

/* What a party brought along. */
struct entrant {
	bool joined;
	bool gone; /* will never come; others go on without it */
	int status;
	uint8_t *data;
	size_t len;
};

struct coll {
	TAILQ_ENTRY(coll) entry; /* in over, once ended */
	Berth__CollJoin *first;	 /* carries key and parties */
	struct entrant *entrant; /* one a party */
	size_t missing, bytes;
	bool over, want_context_id, living;
	int status;
	uint64_t context_id;
	Berth__CollPiece **piece;
	size_t npieces;
	void *user;
};

struct coll_table {
	struct map *running; /* key -> struct coll */
	struct map *ended;   /* the same, once over */
	struct map *waiting; /* "key shepherd" -> Berth__CollJoin */
	TAILQ_HEAD(, coll) over;
	size_t nover, over_bytes;
};

static Berth__CollJoin *join_copy(const Berth__CollJoin *join)
{
	size_t len = berth__coll_join__get_packed_size(join);
	uint8_t *packed = mem_array(len + 1, 1);
	Berth__CollJoin *copy;

	berth__coll_join__pack(join, packed);
	copy = berth__coll_join__unpack(NULL, len, packed);
	free(packed);
	return copy;
}

static void join_free(void *join)
{
	if (join)
		berth__coll_join__free_unpacked(join, NULL);
}

struct coll_table *coll_table_create(void)
{
	struct coll_table *t = mem_alloc(sizeof *t);

	t->running = map_create();
	t->ended = map_create();
	t->waiting = map_create();
	TAILQ_INIT(&t->over);
	return t;
}

static void coll_destroy(struct coll *c)
{
	for (size_t i = 0; i < c->first->n_parties; i++)
		free(c->entrant[i].data);
	for (size_t i = 0; i < c->npieces; i++)
		free(c->piece[i]);
	free(c->piece);
	free(c->entrant);
	join_free(c->first);
	free(c);
}

void coll_table_destroy(struct coll_table *t, void (*free_user)(void *))
{
	struct coll *c;

	if (t == NULL)
		return;
	map_foreach(t->running, c) {
		if (c->user && free_user)
			free_user(c->user);
		coll_destroy(c);
	}
	map_destroy(t->running, NULL);
	while ((c = TAILQ_FIRST(&t->over)) != NULL) {
		TAILQ_REMOVE(&t->over, c, entry);
		coll_destroy(c);
	}
	map_destroy(t->ended, NULL);
	map_destroy(t->waiting, join_free);
	free(t);
}

static bool same_party(const Berth__Party *a, const Berth__Party *b)
{
	return a && b && strcmp(a->node, b->node) == 0 &&
	       strcmp(a->shepherd, b->shepherd) == 0;
}

static long party_index(const struct coll *c, const Berth__Party *p)
{
	for (size_t i = 0; i < c->first->n_parties; i++) {
		if (same_party(c->first->parties[i], p))
			return (long)i;
	}
	return -1;
}

static struct coll *coll_create(struct coll_table *t,
				const Berth__CollJoin *join)
{
	struct coll *c = mem_alloc(sizeof *c);

	c->first = join_copy(join);
	c->missing = join->n_parties;
	c->entrant = mem_array(join->n_parties, sizeof(c->entrant[0]));
	map_put(t->running, join->key, c);
	return c;
}

bool coll_drop(struct coll *c, size_t i)
{
	struct entrant *e = &c->entrant[i];

	if (e->joined || e->gone)
		return false;
	e->gone = true;
	c->missing--;
	return c->missing == 0;
}

/* Leave out whom the joining one knows to be gone.  True: nobody is missing
 * any more. */
static bool drop_lost(struct coll *c, const Berth__CollJoin *join)
{
	bool complete = false;

	for (size_t k = 0; c->living && k < join->n_lost; k++) {
		long i = party_index(c, join->lost[k]);

		if (i >= 0 && coll_drop(c, (size_t)i))
			complete = true;
	}
	return complete;
}

enum coll_join_result coll_table_join(struct coll_table *t,
				      const Berth__CollJoin *join,
				      struct coll **out)
{
	struct coll *c = coll_table_find(t, join->key);
	enum coll_join_result result = COLL_WAITING;
	struct entrant *e;
	long i = -1;

	for (size_t k = 0; k < join->n_parties; k++) {
		if (same_party(join->parties[k], join->from))
			i = (long)k;
	}
	if (c)
		i = party_index(c, join->from);
	if (i < 0)
		return COLL_REFUSED;
	if (c == NULL) {
		c = coll_create(t, join);
		result = COLL_NEW;
	}
	*out = c;
	if (c->over)
		return COLL_OVER;
	c->want_context_id |= join->want_context_id;
	c->living |= join->living;
	e = &c->entrant[i];
	if (!e->joined && !e->gone)
		c->missing--;
	else if (e->joined)
		return drop_lost(c, join) ? COLL_COMPLETE : result;
	e->joined = true;
	e->gone = false;
	e->status = join->status;
	e->len = join->data.len;
	e->data = mem_dup(join->data.data, e->len);
	c->bytes += e->len;
	drop_lost(c, join);
	return c->missing == 0 ? COLL_COMPLETE : result;
}

bool coll_living(const struct coll *c)
{
	return c->living;
}

const char *coll_key(const struct coll *c)
{
	return c->first->key;
}

size_t coll_parties(const struct coll *c)
{
	return c->first->n_parties;
}

const Berth__Party *coll_party(const struct coll *c, size_t i)
{
	return c->first->parties[i];
}

bool coll_joined(const struct coll *c, size_t i)
{
	return c->entrant[i].joined;
}

bool coll_wants_context_id(const struct coll *c)
{
	return c->want_context_id;
}

bool coll_over(const struct coll *c)
{
	return c->over;
}

void **coll_user(struct coll *c)
{
	return &c->user;
}

static void forget_oldest(struct coll_table *t)
{
	struct coll *c = TAILQ_FIRST(&t->over);

	TAILQ_REMOVE(&t->over, c, entry);
	map_remove(t->ended, coll_key(c));
	t->nover--;
	t->over_bytes -= c->bytes;
	coll_destroy(c);
}

static void gather_pieces(struct coll *c)
{
	c->piece = mem_array(coll_parties(c), sizeof(c->piece[0]));
	for (size_t i = 0; i < coll_parties(c); i++) {
		struct entrant *e = &c->entrant[i];
		Berth__CollPiece *p;

		if (e->gone && c->status == 0)
			c->status = STATUS_LOST;
		if (!e->joined)
			continue;
		p = mem_alloc(sizeof *p);
		berth__coll_piece__init(p);
		p->from = c->first->parties[i];
		p->data.data = e->data;
		p->data.len = e->len;
		c->piece[c->npieces++] = p;
		if (c->status == 0)
			c->status = e->status;
	}
}

void coll_table_end(struct coll_table *t, struct coll *c, int status,
		    uint64_t context_id)
{
	c->over = true;
	c->status = status;
	c->context_id = context_id;
	gather_pieces(c);
	map_remove(t->running, coll_key(c));
	map_put(t->ended, coll_key(c), c);
	while (t->nover > 0 && (t->nover >= OVER_MAX ||
				t->over_bytes + c->bytes > OVER_BYTES))
		forget_oldest(t);
	TAILQ_INSERT_TAIL(&t->over, c, entry);
	t->nover++;
	t->over_bytes += c->bytes;
}

Berth__CollDone *coll_result(const struct coll *c, size_t i)
{
	Berth__CollDone *done = mem_alloc(sizeof *done);

	berth__coll_done__init(done);
	done->key = c->first->key;
	done->to = c->first->parties[i];
	done->status = c->status;
	done->context_id = c->context_id;
	done->n_pieces = c->npieces;
	done->pieces = c->piece;
	return done;
}

struct coll *coll_table_next(struct coll_table *t, size_t *pos)
{
	return map_next(t->running, pos, NULL);
}

struct coll *coll_table_find(struct coll_table *t, const char *key)
{
	struct coll *c = map_get(t->running, key);

	return c ? c : map_get(t->ended, key);
}

/* ---- what our own shepherds wait for ---- */

static char *wait_key(const char *key, const char *shepherd)
{
	return mem_printf("%s %s", shepherd, key);
}

void coll_table_wait(struct coll_table *t, const Berth__CollJoin *join)
{
	char *key = wait_key(join->key, join->from->shepherd);

	join_free(map_put(t->waiting, key, join_copy(join)));
	free(key);
}

bool coll_table_answered(struct coll_table *t, const char *key,
			 const char *shepherd)
{
	char *k = wait_key(key, shepherd);
	Berth__CollJoin *join = map_remove(t->waiting, k);

	free(k);
	join_free(join);
	return join != NULL;
}

const Berth__CollJoin *coll_table_waiting(struct coll_table *t, size_t *pos)
{
	return map_next(t->waiting, pos, NULL);
}

void coll_table_forget(struct coll_table *t, const char *shepherd)
{
	size_t pos = 0;
	const char *key;
	Berth__CollJoin *join;

	while ((join = map_next(t->waiting, &pos, &key)) != NULL) {
		if (strcmp(join->from->shepherd, shepherd) != 0)
			continue;
		map_remove(t->waiting, key);
		join_free(join);
	}
}
