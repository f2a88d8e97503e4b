/* shepherd_rig_vm.c - the launchers' part of PMIx: collectives and the
 * published entries. */
#include "shepherd_rig_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void coll_done(struct rig *r, struct coll *c)
{
	Berth__CollPiece *piece = mem_array(c->n, sizeof(*piece));
	Berth__CollPiece **pieces = mem_array(c->n, sizeof(*pieces));
	Berth__CollDone done = BERTH__COLL_DONE__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	for (size_t i = 0; i < c->n; i++) {
		berth__coll_piece__init(&piece[i]);
		piece[i].from = c->joins[i]->coll_join->from;
		piece[i].data = c->joins[i]->coll_join->data;
		pieces[i] = &piece[i];
	}
	done.key = c->key;
	done.status = c->status;
	done.context_id = c->want_id ? ++r->next_context : 0;
	done.pieces = pieces;
	done.n_pieces = c->n;
	msg.body_case = BERTH__MSG__BODY_COLL_DONE;
	msg.coll_done = &done;
	for (size_t i = 0; i < c->n; i++) {
		struct shep *s = rig_find_name(r, piece[i].from->node,
					   piece[i].from->shepherd);

		done.to = piece[i].from;
		if (s && s->link)
			link_send(s->link, &msg, NULL);
	}
	TAILQ_REMOVE(&r->colls, c, next);
	for (size_t i = 0; i < c->n; i++)
		msg_free(c->joins[i]);
	free(c->joins);
	free(c->key);
	free(c);
	free(pieces);
	free(piece);
}

static void on_join(struct rig *r, const Berth__Msg *msg)
{
	const Berth__CollJoin *j = msg->coll_join;
	struct coll *c;

	TAILQ_FOREACH(c, &r->colls, next)
	{
		if (strcmp(c->key, j->key) == 0)
			break;
	}
	if (c == NULL) {
		c = mem_alloc(sizeof(*c));
		c->key = mem_strdup(j->key);
		c->n = j->n_parties;
		c->joins = mem_array(c->n, sizeof(*c->joins));
		TAILQ_INSERT_TAIL(&r->colls, c, next);
	}
	for (size_t i = 0; i < j->n_parties; i++) {
		if (strcmp(j->parties[i]->node, j->from->node) != 0 ||
		    strcmp(j->parties[i]->shepherd, j->from->shepherd) != 0 ||
		    c->joins[i])
			continue;
		c->joins[i] = msg_copy(msg);
		c->joined++;
	}
	c->want_id = c->want_id || j->want_context_id;
	if (c->status == 0)
		c->status = j->status;
	if (c->joined == c->n)
		coll_done(r, c);
}

static bool answer(struct rig *r, struct shep *to, const Berth__Lookup *l)
{
	Berth__Publish *found[16];
	Berth__LookupReply reply = BERTH__LOOKUP_REPLY__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	struct entry *e;
	size_t n = 0;

	for (size_t i = 0; i < l->n_keys && n < 16; i++) {
		TAILQ_FOREACH(e, &r->entries, next)
		{
			if (strcmp(e->msg->publish->key, l->keys[i]) == 0)
				break;
		}
		if (e)
			found[n++] = e->msg->publish;
	}
	if (n < l->n_keys && l->wait)
		return false;
	reply.id = l->id;
	reply.status = n ? 0 : -46;
	reply.found = found;
	reply.n_found = n;
	msg.body_case = BERTH__MSG__BODY_LOOKUP_REPLY;
	msg.lookup_reply = &reply;
	if (to->link)
		link_send(to->link, &msg, NULL);
	for (size_t i = 0; i < n; i++) {
		if (found[i]->persistence != 1)
			continue;
		TAILQ_FOREACH(e, &r->entries, next)
		{
			if (e->msg->publish == found[i])
				break;
		}
		TAILQ_REMOVE(&r->entries, e, next);
		msg_free(e->msg);
		free(e);
	}
	return true;
}

static void check_waits(struct rig *r)
{
	struct wait *w, *after;

	for (w = TAILQ_FIRST(&r->waits); w; w = after) {
		after = TAILQ_NEXT(w, next);
		if (!answer(r, w->from, w->msg->lookup))
			continue;
		TAILQ_REMOVE(&r->waits, w, next);
		msg_free(w->msg);
		free(w);
	}
}

static void on_publish(struct rig *r, const Berth__Msg *msg)
{
	struct entry *e;

	TAILQ_FOREACH(e, &r->entries, next)
	{
		if (e->msg->publish->id == msg->publish->id &&
		    strcmp(e->msg->publish->owner_shepherd,
			   msg->publish->owner_shepherd) == 0)
			return;
	}
	e = mem_alloc(sizeof(*e));
	e->msg = msg_copy(msg);
	TAILQ_INSERT_TAIL(&r->entries, e, next);
	check_waits(r);
}

static void on_unpublish(struct rig *r, const Berth__Unpublish *u)
{
	struct entry *e, *after;

	for (e = TAILQ_FIRST(&r->entries); e; e = after) {
		const Berth__Publish *p = e->msg->publish;
		bool hit = u->n_keys == 0;

		after = TAILQ_NEXT(e, next);
		for (size_t i = 0; i < u->n_keys; i++)
			hit = hit || strcmp(u->keys[i], p->key) == 0;
		if (!hit || strcmp(p->owner_nspace, u->owner_nspace) != 0 ||
		    (!u->whole_nspace && p->owner_rank != u->owner_rank))
			continue;
		TAILQ_REMOVE(&r->entries, e, next);
		msg_free(e->msg);
		free(e);
	}
}

static void on_lookup(struct shep *s, const Berth__Msg *msg)
{
	struct wait *w;

	if (answer(s->rig, s, msg->lookup))
		return;
	w = mem_alloc(sizeof(*w));
	w->from = s;
	w->msg = msg_copy(msg);
	TAILQ_INSERT_TAIL(&s->rig->waits, w, next);
}

bool rig_vm_message(struct shep *s, const Berth__Msg *msg)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_COLL_JOIN:
		on_join(s->rig, msg);
		return true;
	case BERTH__MSG__BODY_PUBLISH:
		on_publish(s->rig, msg);
		return true;
	case BERTH__MSG__BODY_UNPUBLISH:
		on_unpublish(s->rig, msg->unpublish);
		return true;
	case BERTH__MSG__BODY_LOOKUP:
		on_lookup(s, msg);
		return true;
	default:
		return false;
	}
}

void rig_vm_finish(struct rig *r)
{
	while (!TAILQ_EMPTY(&r->entries)) {
		struct entry *e = TAILQ_FIRST(&r->entries);

		TAILQ_REMOVE(&r->entries, e, next);
		msg_free(e->msg);
		free(e);
	}
	while (!TAILQ_EMPTY(&r->waits)) {
		struct wait *w = TAILQ_FIRST(&r->waits);

		TAILQ_REMOVE(&r->waits, w, next);
		msg_free(w->msg);
		free(w);
	}
}
