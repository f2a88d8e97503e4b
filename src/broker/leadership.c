/* leadership.c - see leadership.h. */
#include "broker/leadership.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "model/switch.h"

enum {
	LOOK_US = 500 * 1000,	 /* at the voters */
	PATIENCE_US = 10 * 1000 * 1000, /* for a founder's Standing */
};

/* A rank that we have heard of. */
struct known {
	uint64_t gone_us; /* since when it is not a peer; 0: it is one */
	bool stands;	  /* its Standing has come, with what follows */
	bool blank;
	uint64_t last_index, last_term; /* of its log */
};

struct leadership {
	struct net *net;
	struct leadership_config config;
	struct leadership_events ev;
	void *arg;
	struct agree *agree;
	struct map *known;
	struct loop_timer *look;
	struct switches *switches; /* NULL: not known */
	uint64_t begun_us, leads_us;
	uint64_t alone_us; /* since when nobody leads; 0: somebody does */
	char *stuck;	   /* what was said of it last */
	bool leads;
	bool may_begin; /* nobody holds an agreement, as far as we heard */
};

/* ---- what the agreement says ---- */

static void on_applied(void *arg, uint64_t index, uint64_t term,
		       const void *data, size_t len)
{
	struct leadership *s = arg;
	struct berth_error err;

	if (records_apply(s->config.records, data, len, &err) != 0)
		log_error("record %llu: %s", (unsigned long long)index,
			  err.text);
}

static void on_leading(void *arg, uint64_t term)
{
	struct leadership *s = arg;

	s->leads = true;
	s->alone_us = 0;
	s->leads_us = loop_now_us();
	log_info("this rank leads, term %llu", (unsigned long long)term);
	s->ev.lead(s->arg, term);
}

static void on_following(void *arg, const char *leader, uint64_t term)
{
	struct leadership *s = arg;

	if (s->leads) {
		s->leads = false;
		log_warn("this rank leads no more");
		s->ev.yield(s->arg);
	}
	if (leader != NULL)
		s->alone_us = 0;
	else if (s->alone_us == 0)
		s->alone_us = loop_now_us();
	s->ev.follow(s->arg, leader, term);
}

static void on_snapshot(void *arg, struct buf *out)
{
	struct leadership *s = arg;

	records_snapshot(s->config.records, out);
}

static int on_restore(void *arg, const void *data, size_t len,
		      struct berth_error *err)
{
	struct leadership *s = arg;

	return records_restore(s->config.records, data, len, err);
}

static const struct agree_events agree_handlers = {
	.applied = on_applied,
	.leading = on_leading,
	.following = on_following,
	.snapshot = on_snapshot,
	.restore = on_restore,
};

/* ---- the beginning ---- */

static bool first_founder(const struct leadership *s)
{
	const char *first = net_first(s->net);

	return first && strcmp(first, net_self(s->net)) == 0;
}

static bool all_stand(struct leadership *s)
{
	struct known *k;

	map_foreach(s->known, k) {
		if (!k->stands && k->gone_us == 0)
			return false;
	}
	return true;
}

static void begin_if_due(struct leadership *s)
{
	struct berth_error err = {0};
	bool late = loop_now_us() - s->begun_us > PATIENCE_US;

	if (!s->may_begin || !agree_blank(s->agree) ||
	    (!all_stand(s) && !late))
		return;
	s->may_begin = false;
	log_info("a new agreement begins");
	if (agree_bootstrap(s->agree, &err) < 0)
		log_error("nobody can lead: %s", err.text);
}

static void on_standing(struct leadership *s, const char *node,
			const Berth__Standing *standing)
{
	struct known *k = map_get(s->known, node);

	if (k) {
		k->stands = true;
		k->blank = standing->blank;
		k->last_index = standing->last_index;
		k->last_term = standing->last_term;
	}
	if (!standing->blank)
		s->may_begin = false;
	begin_if_due(s);
}

static void tell_standing(struct leadership *s, const char *node)
{
	Berth__Standing standing = BERTH__STANDING__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	struct agree_stats st;

	agree_stats(s->agree, &st);
	standing.blank = agree_blank(s->agree);
	standing.last_index = st.last_index;
	standing.last_term = st.last_term;
	msg.body_case = BERTH__MSG__BODY_STANDING;
	msg.standing = &standing;
	net_send(s->net, node, &msg, NULL);
}

/* ---- the voters ---- */

/* A rank that has just started has not met the others yet. */
static bool counts(const struct leadership *s, const char *node)
{
	const struct known *k = map_get(s->known, node);
	uint64_t limit = (uint64_t)s->config.node_timeout_ms * 1000;
	uint64_t since = k ? k->gone_us : s->leads_us;

	return since == 0 || loop_now_us() - since < limit;
}

/* The peers that are there, and voters that may come back. */
static size_t candidates(struct leadership *s, const char **out, size_t room)
{
	size_t npeers, nvoters, n = 0;
	const char *const *peer = net_peers(s->net, &npeers);
	const char *const *voter = agree_voters(s->agree, &nvoters);

	out[n++] = net_self(s->net);
	for (size_t i = 0; i < npeers && n < room; i++)
		out[n++] = peer[i];
	for (size_t i = 0; i < nvoters && n < room; i++) {
		if (strcmp(voter[i], net_self(s->net)) != 0 &&
		    !net_has(s->net, voter[i]) && counts(s, voter[i]))
			out[n++] = voter[i];
	}
	return n;
}

static const char *switch_of(const struct leadership *s, const char *node)
{
	int sw = s->switches ? switches_of(s->switches, node) : -1;

	return sw >= 0 ? switches_name(s->switches, sw) : NULL;
}

static void choose_voters(struct leadership *s)
{
	size_t npeers, nvoters, n, chosen, at[AGREE_VOTERS_MAX];
	const char *wanted[AGREE_VOTERS_MAX], **node, **sw;
	const char *const *voter;

	net_peers(s->net, &npeers);
	node = mem_array(npeers + 1 + AGREE_VOTERS_MAX, sizeof(*node));
	n = candidates(s, node, npeers + 1 + AGREE_VOTERS_MAX);
	sw = mem_array(n + 1, sizeof(*sw));
	for (size_t i = 0; i < n; i++)
		sw[i] = switch_of(s, node[i]);
	voter = agree_voters(s->agree, &nvoters);
	chosen = agree_choose(node, sw, n, voter, nvoters, at);
	for (size_t i = 0; i < chosen; i++)
		wanted[i] = node[at[i]];
	agree_set_voters(s->agree, wanted, chosen);
	free(sw);
	free(node);
}

/* ---- too few of them ---- */

/* Whose log is ahead, of those that are here. */
struct ahead {
	const char *node;
	uint64_t index, term;
};

static void look_ahead(struct ahead *a, const char *node, uint64_t index,
		       uint64_t term)
{
	if (a->node != NULL &&
	    (term < a->term || (term == a->term && index <= a->index)))
		return;
	*a = (struct ahead){node, index, term};
}

/* NULL: it is here, and a voter. */
static const char *why_missing(struct leadership *s, const char *voter,
			       struct ahead *ahead)
{
	const struct known *k = map_get(s->known, voter);
	struct agree_stats st;

	if (strcmp(voter, net_self(s->net)) == 0) {
		agree_stats(s->agree, &st);
		look_ahead(ahead, voter, st.last_index, st.last_term);
		return NULL;
	}
	if (k == NULL || k->gone_us != 0)
		return "is not here";
	if (k->stands && k->blank)
		return "has lost what it knew";
	look_ahead(ahead, voter, k->last_index, k->last_term);
	return NULL;
}

/* NULL: enough of them are here. */
static char *why_stuck(struct leadership *s)
{
	size_t n, here = 0;
	const char *const *voter = agree_voters(s->agree, &n);
	struct ahead ahead = {0};
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "nobody can lead: %zu of %zu voters are needed, and",
		   n / 2 + 1, n);
	for (size_t i = 0; i < n; i++) {
		const char *why = why_missing(s, voter[i], &ahead);

		here += why == NULL;
		if (why != NULL)
			buf_printf(&text, " %s %s,", voter[i], why);
	}
	if (here > n / 2 || ahead.node == NULL) {
		buf_finish(&text);
		return NULL;
	}
	buf_printf(&text, " start what is missing with its folder as it was; "
		   "or give up what the missing ones alone know: berth down "
		   "--keep-tasks, then berth up --forget-voters %s (it has "
		   "entry %llu of term %llu)", ahead.node,
		   (unsigned long long)ahead.index,
		   (unsigned long long)ahead.term);
	return text.data;
}

/* What was told when we met may have changed. */
static void tell_all(struct leadership *s)
{
	size_t n;
	const char *const *peer = net_peers(s->net, &n);

	for (size_t i = 0; i < n; i++)
		tell_standing(s, peer[i]);
}

static void say_stuck(struct leadership *s)
{
	uint64_t alone = s->alone_us != 0 ? loop_now_us() - s->alone_us : 0;
	char *text;

	if (alone > PATIENCE_US / 2)
		tell_all(s);
	if (alone < PATIENCE_US || agree_blank(s->agree))
		return;
	text = why_stuck(s);
	if (text == NULL ||
	    (s->stuck != NULL && strcmp(text, s->stuck) == 0)) {
		free(text);
		return;
	}
	free(s->stuck);
	s->stuck = text;
	log_error("%s", text);
	s->ev.stuck(s->arg, text);
}

static void on_look(void *arg)
{
	struct leadership *s = arg;

	loop_timer_start(s->look, LOOK_US);
	begin_if_due(s);
	say_stuck(s);
	if (s->leads)
		choose_voters(s);
}

/* ---- the net ---- */

void leadership_peer_up(struct leadership *s, const char *node)
{
	struct known *k = map_get(s->known, node);

	if (k == NULL) {
		k = mem_alloc(sizeof(*k));
		map_put(s->known, node, k);
	}
	k->gone_us = 0;
	agree_peer_up(s->agree, node);
	tell_standing(s, node);
}

void leadership_peer_down(struct leadership *s, const char *node)
{
	struct known *k = map_get(s->known, node);

	if (k)
		k->gone_us = loop_now_us();
	agree_peer_down(s->agree, node);
	agree_suspect(s->agree, node, false);
	begin_if_due(s);
}

void leadership_rank_died(struct leadership *s, const char *node)
{
	agree_suspect(s->agree, node, true);
}

void leadership_message(struct leadership *s, const char *node,
			const Berth__Msg *msg)
{
	if (msg->body_case == BERTH__MSG__BODY_AGREE)
		agree_message(s->agree, node, msg->agree);
	else if (msg->body_case == BERTH__MSG__BODY_STANDING)
		on_standing(s, node, msg->standing);
}

/* ---- life ---- */

struct agree *leadership_agree(struct leadership *s)
{
	return s->agree;
}

struct leadership *leadership_create(struct loop *l, struct net *net,
				     const struct leadership_config *config,
				     const struct leadership_events *ev,
				     void *arg, struct berth_error *err)
{
	struct leadership *s = mem_alloc(sizeof(*s));
	const struct agree_config agree = {
		.dir = config->dir, .forget_others = config->forget_others};

	s->net = net;
	s->config = *config;
	if (s->config.node_timeout_ms == 0)
		s->config.node_timeout_ms = 30000;
	s->ev = *ev;
	s->arg = arg;
	s->begun_us = s->alone_us = loop_now_us();
	s->known = map_create();
	s->look = loop_timer_create(l, on_look, s);
	if (config->switches) {
		s->switches = switches_parse(config->switches,
					     config->topology_conf, err);
		if (s->switches == NULL)
			goto fail;
	}
	s->agree = agree_create(l, net, &agree, &agree_handlers, s, err);
	if (s->agree == NULL)
		goto fail;
	s->may_begin = first_founder(s);
	loop_timer_start(s->look, s->may_begin ? 0 : LOOK_US);
	return s;
fail:
	leadership_destroy(s);
	return NULL;
}

void leadership_destroy(struct leadership *s)
{
	if (s == NULL)
		return;
	agree_destroy(s->agree);
	switches_destroy(s->switches);
	loop_timer_destroy(s->look);
	map_destroy(s->known, free);
	free(s->stuck);
	free(s);
}
