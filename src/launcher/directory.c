/* directory.c - see directory.h. */
#include "launcher/directory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"
#include "launcher/dir_table.h"
#include "launcher/status.h"

/* A lookup that has not been answered yet. */
struct parked {
	TAILQ_ENTRY(parked) entry;
	struct directory *dir;
	char *shepherd;
	Berth__Lookup *what;
	/* Per name: a read-once entry that is ours now, or the claim for one
	 * that is under way (0: none). */
	Berth__Publish **taken;
	uint64_t *claim;
	struct loop_timer *timer;
};

/* So many names of joins that came to nothing are remembered. */
enum { FAILED_MAX = 32 };

struct directory {
	struct loop *loop;
	const char *node;
	struct post post;
	struct dir_table *table;
	TAILQ_HEAD(, parked) parked;
	uint64_t next_id, next_claim;
	char *failed[FAILED_MAX]; /* prefixes, a ring */
	size_t next_failed;
};

struct directory *directory_create(struct loop *l, const char *node,
				   const struct post *post)
{
	struct directory *d = mem_alloc(sizeof *d);

	d->loop = l;
	d->node = node;
	d->post = *post;
	d->table = dir_table_create();
	/* Others may still hold entries from before this launcher was
	 * restarted: ids are not used twice. */
	d->next_id = loop_wall_us();
	d->next_claim = 1;
	TAILQ_INIT(&d->parked);
	return d;
}

static Berth__Publish *publish_copy(const Berth__Publish *p)
{
	size_t len = berth__publish__get_packed_size(p);
	uint8_t *packed = mem_array(len + 1, 1);
	Berth__Publish *copy;

	berth__publish__pack(p, packed);
	copy = berth__publish__unpack(NULL, len, packed);
	free(packed);
	return copy;
}

static Berth__Lookup *lookup_copy(const Berth__Lookup *p)
{
	size_t len = berth__lookup__get_packed_size(p);
	uint8_t *packed = mem_array(len + 1, 1);
	Berth__Lookup *copy;

	berth__lookup__pack(p, packed);
	copy = berth__lookup__unpack(NULL, len, packed);
	free(packed);
	return copy;
}

static void parked_destroy(struct parked *p)
{
	TAILQ_REMOVE(&p->dir->parked, p, entry);
	loop_timer_destroy(p->timer);
	for (size_t i = 0; i < p->what->n_keys; i++) {
		if (p->taken[i])
			berth__publish__free_unpacked(p->taken[i], NULL);
	}
	free(p->taken);
	free(p->claim);
	free(p->shepherd);
	berth__lookup__free_unpacked(p->what, NULL);
	free(p);
}

void directory_destroy(struct directory *d)
{
	struct parked *p;

	if (d == NULL)
		return;
	while ((p = TAILQ_FIRST(&d->parked)) != NULL)
		parked_destroy(p);
	for (size_t i = 0; i < FAILED_MAX; i++)
		free(d->failed[i]);
	dir_table_destroy(d->table);
	free(d);
}

/* ---- entries go ---- */

static bool match_unpublish(void *arg, const Berth__Publish *entry)
{
	return dir_unpublish_matches(arg, entry);
}

static bool match_origin(void *arg, const Berth__Publish *entry)
{
	return strcmp(entry->origin, arg) == 0;
}

static void tell_all_unpublish(struct directory *d, const Berth__Unpublish *u)
{
	Berth__Msg msg = BERTH__MSG__INIT;

	msg.body_case = BERTH__MSG__BODY_UNPUBLISH;
	msg.unpublish = (Berth__Unpublish *)u;
	d->post.all(d->post.arg, &msg);
}

/* Its owner need not tell of it again. */
static void tell_owner(struct directory *d, const Berth__Publish *e)
{
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	u.id = e->number;
	msg.body_case = BERTH__MSG__BODY_UNPUBLISH;
	msg.unpublish = &u;
	d->post.shepherd(d->post.arg, e->owner_shepherd, &msg);
}

/* One entry of this node has been read: drop it, everywhere. */
static void drop_own(struct directory *d, uint64_t id)
{
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;

	tell_owner(d, dir_table_by_id(d->table, d->node, id));
	u.origin = (char *)d->node;
	u.id = id;
	dir_table_remove(d->table, match_unpublish, &u);
	tell_all_unpublish(d, &u);
}

/* ---- lookups ---- */

static void claim_entry(struct directory *d, struct parked *p, size_t i,
			const Berth__Publish *e)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__DirClaim claim = BERTH__DIR_CLAIM__INIT;

	p->claim[i] = d->next_claim++;
	p->taken[i] = publish_copy(e);
	claim.id = p->claim[i];
	claim.entry = e->id;
	msg.body_case = BERTH__MSG__BODY_DIR_CLAIM;
	msg.dir_claim = &claim;
	d->post.node(d->post.arg, e->origin, &msg);
}

/* Take what may be read once; returns how many names are missing, and in
 * *pending how many claims are under way. */
static size_t gather(struct directory *d, struct parked *p, size_t *pending)
{
	size_t missing = 0;

	*pending = 0;
	for (size_t i = 0; i < p->what->n_keys; i++) {
		const Berth__Publish *e;

		if (p->claim[i])
			(*pending)++;
		if (p->taken[i])
			continue;
		e = dir_table_find(d->table, p->what->keys[i], p->what,
				   d->node);
		if (e == NULL) {
			missing++;
		} else if (e->persistence != PERSIST_FIRST_READ) {
			continue;
		} else if (strcmp(e->origin, d->node) == 0) {
			p->taken[i] = publish_copy(e);
			drop_own(d, e->id);
		} else {
			claim_entry(d, p, i, e);
			(*pending)++;
		}
	}
	return missing;
}

/* Answer with what is there and forget the lookup. */
static void answer(struct directory *d, struct parked *p, int status)
{
	size_t n = p->what->n_keys;
	Berth__Publish **found = mem_array(n + 1, sizeof(found[0]));
	Berth__LookupReply reply = BERTH__LOOKUP_REPLY__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	for (size_t i = 0; i < n; i++) {
		const Berth__Publish *e =
			p->claim[i] ? NULL : p->taken[i];

		if (e == NULL && !p->claim[i])
			e = dir_table_find(d->table, p->what->keys[i],
					   p->what, d->node);
		if (e)
			found[reply.n_found++] = (Berth__Publish *)e;
	}
	reply.id = p->what->id;
	reply.status = status;
	reply.found = found;
	msg.body_case = BERTH__MSG__BODY_LOOKUP_REPLY;
	msg.lookup_reply = &reply;
	d->post.shepherd(d->post.arg, p->shepherd, &msg);
	parked_destroy(p);
	free(found);
}

/* Answer the lookup if it can be answered now. */
static void attempt(struct directory *d, struct parked *p)
{
	size_t pending;
	size_t missing = gather(d, p, &pending);

	if (pending > 0)
		return;
	if (missing == 0)
		answer(d, p, STATUS_OK);
	else if (!p->what->wait)
		answer(d, p, missing == p->what->n_keys ? STATUS_NOT_FOUND
							: STATUS_PARTIAL);
}

static void time_over(void *arg)
{
	struct parked *p = arg;

	answer(p->dir, p, STATUS_TIMEOUT);
}

static bool lookup_has(const Berth__Lookup *what, const char *prefix)
{
	size_t len = strlen(prefix);

	for (size_t i = 0; i < what->n_keys; i++) {
		if (strncmp(what->keys[i], prefix, len) == 0)
			return true;
	}
	return false;
}

static bool has_failed(const struct directory *d, const Berth__Lookup *what)
{
	for (size_t i = 0; i < FAILED_MAX; i++) {
		if (d->failed[i] && lookup_has(what, d->failed[i]))
			return true;
	}
	return false;
}

void directory_lookup(struct directory *d, const char *shepherd,
		      const Berth__Lookup *what)
{
	struct parked *p, *old;

	TAILQ_FOREACH(old, &d->parked, entry) {
		if (old->what->id == what->id &&
		    strcmp(old->shepherd, shepherd) == 0)
			return; /* asked again after a new link */
	}
	p = mem_alloc(sizeof *p);
	p->dir = d;
	p->shepherd = mem_strdup(shepherd);
	p->what = lookup_copy(what);
	p->taken = mem_array(what->n_keys + 1, sizeof(p->taken[0]));
	p->claim = mem_array(what->n_keys + 1, sizeof(p->claim[0]));
	TAILQ_INSERT_TAIL(&d->parked, p, entry);
	if (has_failed(d, what)) {
		answer(d, p, STATUS_NOT_FOUND);
		return;
	}
	if (what->timeout_ms > 0) {
		p->timer = loop_timer_create(d->loop, time_over, p);
		loop_timer_start(p->timer, (uint64_t)what->timeout_ms * 1000);
	}
	attempt(d, p);
}

/* Entries have come or a claim is settled: who can be answered now? */
static void attempt_all(struct directory *d)
{
	struct parked *p, *next;

	for (p = TAILQ_FIRST(&d->parked); p; p = next) {
		next = TAILQ_NEXT(p, entry);
		attempt(d, p);
	}
}

void directory_fail(struct directory *d, const char *prefix)
{
	struct parked *p, *next;

	/* A join is several lookups, the next one may be on its way. */
	free(d->failed[d->next_failed]);
	d->failed[d->next_failed] = mem_strdup(prefix);
	d->next_failed = (d->next_failed + 1) % FAILED_MAX;
	for (p = TAILQ_FIRST(&d->parked); p; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (lookup_has(p->what, prefix))
			answer(d, p, STATUS_NOT_FOUND);
	}
}

/* ---- entries come ---- */

struct twin {
	const Berth__Publish *of;
	bool found;
};

static void look_for_twin(void *arg, const Berth__Publish *e)
{
	struct twin *t = arg;

	if (strcmp(e->origin, t->of->origin) == 0 &&
	    strcmp(e->owner_shepherd, t->of->owner_shepherd) == 0 &&
	    strcmp(e->owner_nspace, t->of->owner_nspace) == 0 &&
	    e->owner_rank == t->of->owner_rank &&
	    strcmp(e->key, t->of->key) == 0)
		t->found = true;
}

void directory_publish(struct directory *d, const char *shepherd,
		       const Berth__Publish *entry)
{
	Berth__Publish own = *entry;
	Berth__Msg msg = BERTH__MSG__INIT;
	struct twin twin = {.of = &own};

	own.origin = (char *)d->node;
	own.owner_shepherd = (char *)shepherd;
	own.id = d->next_id++;
	dir_table_each(d->table, look_for_twin, &twin);
	if (twin.found)
		return; /* told again after a new link */
	if (!dir_table_put(d->table, &own)) {
		log_warn("no room for the published name '%.60s'", own.key);
		return;
	}
	msg.body_case = BERTH__MSG__BODY_PUBLISH;
	msg.publish = &own;
	d->post.all(d->post.arg, &msg);
	attempt_all(d);
}

void directory_unpublish(struct directory *d, const Berth__Unpublish *which)
{
	Berth__Unpublish u = *which;

	u.origin = u.whole_nspace ? (char *)d->node : (char *)"";
	u.id = 0;
	if (dir_table_remove(d->table, match_unpublish, &u) > 0)
		tell_all_unpublish(d, &u);
}

/* ---- other launchers ---- */

static void on_claim(struct directory *d, const char *node,
		     const Berth__DirClaim *claim)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__DirClaimReply reply = BERTH__DIR_CLAIM_REPLY__INIT;

	reply.id = claim->id;
	reply.granted =
		dir_table_by_id(d->table, d->node, claim->entry) != NULL;
	msg.body_case = BERTH__MSG__BODY_DIR_CLAIM_REPLY;
	msg.dir_claim_reply = &reply;
	d->post.node(d->post.arg, node, &msg);
	if (reply.granted)
		drop_own(d, claim->entry);
}

static void settle(struct directory *d, struct parked *p, size_t i,
		   bool granted)
{
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;

	p->claim[i] = 0;
	u.origin = p->taken[i]->origin;
	u.id = p->taken[i]->id;
	dir_table_remove(d->table, match_unpublish, &u);
	if (granted)
		return;
	berth__publish__free_unpacked(p->taken[i], NULL);
	p->taken[i] = NULL;
}

static void on_claim_reply(struct directory *d,
			   const Berth__DirClaimReply *reply)
{
	struct parked *p;

	TAILQ_FOREACH(p, &d->parked, entry) {
		for (size_t i = 0; i < p->what->n_keys; i++) {
			if (reply->id == 0 || p->claim[i] != reply->id)
				continue;
			settle(d, p, i, reply->granted);
			attempt(d, p);
			return;
		}
	}
}

/* What was claimed there is not known there any more: to be claimed anew, when
 * it is told again. */
static void drop_claims(struct directory *d, const char *node)
{
	struct parked *p;

	TAILQ_FOREACH(p, &d->parked, entry) {
		for (size_t i = 0; i < p->what->n_keys; i++) {
			if (p->claim[i] &&
			    strcmp(p->taken[i]->origin, node) == 0)
				settle(d, p, i, false);
		}
	}
}

static void on_unpublish(struct directory *d, const char *node,
			 Berth__Unpublish *u)
{
	/* "forget all of mine": what follows is the truth */
	if (u->id == 0 && u->owner_nspace[0] == '\0') {
		drop_claims(d, node);
		dir_table_remove(d->table, match_origin, (char *)node);
		attempt_all(d);
	} else {
		dir_table_remove(d->table, match_unpublish, u);
	}
}

void directory_message(struct directory *d, const char *node,
		       const Berth__Msg *msg)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_PUBLISH:
		if (strcmp(msg->publish->origin, node) == 0 &&
		    dir_table_put(d->table, msg->publish))
			attempt_all(d);
		break;
	case BERTH__MSG__BODY_UNPUBLISH:
		on_unpublish(d, node, msg->unpublish);
		break;
	case BERTH__MSG__BODY_DIR_CLAIM:
		on_claim(d, node, msg->dir_claim);
		break;
	case BERTH__MSG__BODY_DIR_CLAIM_REPLY:
		on_claim_reply(d, msg->dir_claim_reply);
		break;
	default:
		break;
	}
}

struct entries_to {
	struct directory *dir;
	const char *node;
};

static void tell_entry(void *arg, const Berth__Publish *e)
{
	struct entries_to *to = arg;
	Berth__Msg msg = BERTH__MSG__INIT;

	if (strcmp(e->origin, to->dir->node) != 0)
		return;
	msg.body_case = BERTH__MSG__BODY_PUBLISH;
	msg.publish = (Berth__Publish *)e;
	to->dir->post.node(to->dir->post.arg, to->node, &msg);
}

void directory_node_up(struct directory *d, const char *node, bool again)
{
	struct entries_to to = {.dir = d, .node = node};
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	if (again) {
		u.origin = (char *)d->node;
		msg.body_case = BERTH__MSG__BODY_UNPUBLISH;
		msg.unpublish = &u;
		d->post.node(d->post.arg, node, &msg);
	}
	dir_table_each(d->table, tell_entry, &to);
}

void directory_node_lost(struct directory *d, const char *node)
{
	dir_table_remove(d->table, match_origin, (char *)node);
	drop_claims(d, node);
	attempt_all(d);
}

/* ---- shepherds ---- */

struct owned {
	struct directory *dir;
	const char *shepherd;
};

static bool dies_with_owner(void *arg, const Berth__Publish *e)
{
	struct owned *o = arg;
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;

	if (strcmp(e->origin, o->dir->node) != 0 ||
	    strcmp(e->owner_shepherd, o->shepherd) != 0 ||
	    e->persistence == PERSIST_INDEFINITE ||
	    e->persistence == PERSIST_SESSION)
		return false;
	u.origin = e->origin;
	u.id = e->id;
	tell_all_unpublish(o->dir, &u);
	return true;
}

void directory_shepherd_gone(struct directory *d, const char *shepherd)
{
	struct owned o = {.dir = d, .shepherd = shepherd};
	struct parked *p, *next;

	for (p = TAILQ_FIRST(&d->parked); p; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (strcmp(p->shepherd, shepherd) == 0)
			parked_destroy(p);
	}
	dir_table_remove(d->table, dies_with_owner, &o);
}
