/* agree_sim.c - see agree_sim.h. */
#include "agree_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "broker/agree_env.h"

enum {
	NODES = 6,
	MESSAGES = 4096,
	RECORDS = 4096,
	LENGTH_US = 6000000,  /* of the troubled part */
	CALM_US = 15000000,    /* then all is well, and all must agree */
	STEP_US = 1000,
};

struct node {
	char name[12];
	struct sim *sim;
	struct agree *agree;
	struct sim_disk *disk;
	uint64_t wake_at, down_until, paused_until;
	bool leading;
	uint64_t term;
	/* What was applied, as numbers of proposals. */
	uint32_t log[RECORDS];
	size_t nlog;
	bool stuck;
};

struct message {
	uint64_t at;
	unsigned from, to;
	void *data;
	size_t len;
};

/* A proposal of the client. */
struct record {
	bool answered, ok;
	uint64_t index;
};

struct sim {
	struct rand_state rand;
	uint64_t now;
	struct node node[NODES];
	unsigned nodes;
	struct message msg[MESSAGES];
	size_t nmsg;
	bool cut[NODES][NODES];
	struct record record[RECORDS];
	uint32_t nrecords;
	/* The agreed sequence: the longest that anybody applied. */
	uint32_t agreed[RECORDS];
	size_t nagreed;
	unsigned drop, dup, delay_ms; /* percent, percent, most */
	bool calm, verbose;
	struct sim_result *out;
};

static uint64_t chance(struct sim *s, uint64_t n)
{
	return rand_below(&s->rand, n);
}

static void fail(struct sim *s, const char *what, const struct node *n,
		 uint64_t a, uint64_t b)
{
	if (s->out->failure[0])
		return;
	snprintf(s->out->failure, sizeof(s->out->failure),
		 "at %.3f s, %s: %.180s (%llu, %llu)", (double)s->now / 1e6,
		 n ? n->name : "-", what, (unsigned long long)a,
		 (unsigned long long)b);
}

#define SAY(s, ...)                                                            \
	do {                                                                   \
		if ((s)->verbose) {                                            \
			printf("%8.3f ", (double)(s)->now / 1e6);              \
			printf(__VA_ARGS__);                                   \
			printf("\n");                                          \
		}                                                              \
	} while (0)

/* ---- the surroundings ---- */

static uint64_t env_now(void *arg)
{
	return ((struct node *)arg)->sim->now + 1;
}

static uint64_t env_random(void *arg)
{
	return rand_u64(&((struct node *)arg)->sim->rand);
}

static void env_wake(void *arg, uint64_t delay_us)
{
	struct node *n = arg;

	n->wake_at = n->sim->now + delay_us;
}

static void post(struct sim *s, unsigned from, unsigned to, const void *data,
		 size_t len)
{
	struct message *m;

	if (s->nmsg == MESSAGES)
		return;
	m = &s->msg[s->nmsg++];
	m->at = s->now + 100 + chance(s, s->delay_ms * 1000ull + 1);
	m->from = from;
	m->to = to;
	m->data = mem_dup(data, len);
	m->len = len;
	s->out->messages++;
}

static int env_send(void *arg, const char *name, const void *data, size_t len)
{
	struct node *n = arg;
	struct sim *s = n->sim;
	unsigned from = (unsigned)(n - s->node), to = 0;

	if (sim_disk_crashed(n->disk))
		return -1;
	while (to < s->nodes && strcmp(s->node[to].name, name) != 0)
		to++;
	if (to == s->nodes)
		return -1;
	if (s->cut[from][to] || chance(s, 100) < s->drop)
		return chance(s, 2) ? 0 : -1;
	post(s, from, to, data, len);
	if (chance(s, 100) < s->dup)
		post(s, from, to, data, len);
	return 0;
}

static const char *const *env_peers(void *arg, size_t *count)
{
	static __thread const char *names[NODES];
	struct node *n = arg;

	*count = 0;
	for (unsigned i = 0; i < n->sim->nodes; i++) {
		if (&n->sim->node[i] != n)
			names[(*count)++] = n->sim->node[i].name;
	}
	return names;
}

static const struct agree_env_ops env_ops = {
	.now_us = env_now,
	.random = env_random,
	.wake = env_wake,
	.send = env_send,
	.peers = env_peers,
};

/* ---- the invariants ---- */

/* What one applies is what all apply, and nothing comes twice. */
static void on_applied(void *arg, uint64_t index, uint64_t term,
		       const void *data, size_t len)
{
	struct node *n = arg;
	struct sim *s = n->sim;
	uint32_t id;

	if (index != n->nlog + 1 || len < sizeof(id) || index > RECORDS) {
		fail(s, "a gap in what is applied", n, index, n->nlog);
		return;
	}
	memcpy(&id, data, sizeof(id));
	n->log[n->nlog++] = id;
	if (index <= s->nagreed) {
		if (s->agreed[index - 1] != id)
			fail(s, "two sequences", n, index, id);
		return;
	}
	for (size_t i = 0; i < s->nagreed; i++) {
		if (s->agreed[i] == id)
			fail(s, "a record is there twice", n, id, i);
	}
	s->agreed[s->nagreed++] = id;
}

static void on_leading(void *arg, uint64_t term)
{
	struct node *n = arg;
	struct sim *s = n->sim;

	n->leading = true;
	n->term = term;
	s->out->elections++;
	SAY(s, "%s leads in term %llu", n->name, (unsigned long long)term);
	for (unsigned i = 0; i < s->nodes; i++) {
		if (&s->node[i] != n && s->node[i].term == term)
			fail(s, "two leaders in a term", n, term, i);
	}
	if (n->nlog != s->nagreed)
		fail(s, "a leader without all records", n, n->nlog,
		     s->nagreed);
}

static void on_following(void *arg, const char *leader, uint64_t term)
{
	((struct node *)arg)->leading = false;
}

static void on_snapshot(void *arg, struct buf *out)
{
	struct node *n = arg;

	buf_add(out, n->nlog ? (void *)n->log : "", n->nlog * sizeof(*n->log));
}

static int on_restore(void *arg, const void *data, size_t len,
		      struct berth_error *err)
{
	struct node *n = arg;
	struct sim *s = n->sim;

	n->nlog = len / sizeof(*n->log);
	memcpy(n->log, data, len);
	if (n->nlog > s->nagreed ||
	    (len && memcmp(n->log, s->agreed, len) != 0))
		fail(s, "a snapshot of something else", n, n->nlog,
		     s->nagreed);
	return 0;
}

static const struct agree_events events = {on_applied, on_leading,
					   on_following, on_snapshot,
					   on_restore};

static void check_leases(struct sim *s)
{
	const struct node *who = NULL;

	for (unsigned i = 0; i < s->nodes; i++) {
		struct node *n = &s->node[i];

		/* A paused one holds its lease as well: by its clock. */
		if (n->agree == NULL || !agree_lease_valid(n->agree))
			continue;
		if (who)
			fail(s, "two act as leader", n,
			     (uint64_t)(who - s->node), 0);
		who = n;
	}
}

/* ---- what happens ---- */

static void boot(struct node *n)
{
	const struct agree_env env = {&env_ops, n, n->name};
	const struct agree_config config = {
		.election_ms = 300,
		.heartbeat_ms = 60,
		.snapshot_entries = 5 + (unsigned)chance(n->sim, 30),
		.segment_bytes = 8192,
	};
	struct berth_error err = {0};

	sim_disk_reboot(n->disk);
	n->nlog = 0;
	n->leading = false;
	n->agree = agree_create_env(env, sim_disk_ops(n->disk), &config,
				    &events, n, &err);
	if (n->agree == NULL) {
		if (!strstr(err.text, "input/output"))
			fail(n->sim, err.text, n, 0, 0);
		n->down_until = n->sim->now + 100000;
		return;
	}
	for (unsigned i = 0; i < n->sim->nodes; i++) {
		if (&n->sim->node[i] != n)
			agree_peer_up(n->agree, n->sim->node[i].name);
	}
}

static void crash(struct node *n)
{
	struct sim *s = n->sim;

	SAY(s, "%s crashes", n->name);
	sim_disk_crash(n->disk);
	agree_destroy(n->agree);
	n->agree = NULL;
	n->leading = false;
	n->down_until = s->now + 10000 + chance(s, 1500000);
	n->paused_until = 0;
	s->out->crashes++;
	if (chance(s, 2) == 0) {
		for (unsigned i = 0; i < s->nodes; i++) {
			if (s->node[i].agree)
				agree_suspect(s->node[i].agree, n->name, true);
		}
	}
}

static void on_done(void *arg, enum agree_result result, uint64_t index)
{
	struct node *n = arg;
	struct sim *s = n->sim;
	uint32_t id;

	if (result != AGREE_OK)
		return;
	s->out->committed++;
	if (index == 0 || index > s->nagreed) {
		fail(s, "done before it is applied", n, index, s->nagreed);
		return;
	}
	id = s->agreed[index - 1];
	if (s->record[id].answered)
		fail(s, "done twice", n, id, index);
	s->record[id].answered = s->record[id].ok = true;
	s->record[id].index = index;
}

static void propose(struct sim *s)
{
	struct node *n = &s->node[chance(s, s->nodes)];
	char data[1500] = {0};
	size_t len = sizeof(uint32_t) + chance(s, 40);

	if (chance(s, 20) == 0)
		len = sizeof(data);
	if (n->agree == NULL || n->paused_until > s->now || !n->leading ||
	    s->nrecords == RECORDS - 8)
		return;
	memcpy(data, &s->nrecords, sizeof(s->nrecords));
	if (agree_propose(n->agree, data, len, on_done, n, NULL) == 0)
		s->nrecords++;
}

static void change_voters(struct sim *s)
{
	const char *names[NODES];
	size_t first = chance(s, s->nodes), n = 0;
	size_t want = s->nodes >= 5 && chance(s, 2) ? 5 : 3;

	for (unsigned i = 0; i < s->nodes; i++) {
		struct node *lead = &s->node[i];

		if (lead->agree == NULL || !lead->leading ||
		    lead->paused_until > s->now)
			continue;
		names[n++] = lead->name;
		for (unsigned k = 0; k < s->nodes && n < want; k++) {
			struct node *o = &s->node[(first + k) % s->nodes];

			if (o != lead)
				names[n++] = o->name;
		}
		agree_set_voters(lead->agree, names, n);
		return;
	}
}

static void mend(struct sim *s)
{
	memset(s->cut, 0, sizeof(s->cut));
}

static void partition(struct sim *s)
{
	bool one_way = chance(s, 3) == 0;
	unsigned side = (unsigned)chance(s, 1u << s->nodes);

	SAY(s, "partition %x%s", side, one_way ? " one way" : "");
	for (unsigned i = 0; i < s->nodes; i++) {
		for (unsigned k = 0; k < s->nodes; k++) {
			bool a = side >> i & 1, b = side >> k & 1;

			s->cut[i][k] = one_way ? a && !b : a != b;
		}
	}
}

static void trouble(struct sim *s)
{
	struct node *n = &s->node[chance(s, s->nodes)];

	switch (chance(s, 12)) {
	case 0:
		if (n->agree)
			crash(n);
		break;
	case 1:
		sim_disk_fuse(n->disk, 1 + (unsigned)chance(s, 12));
		break;
	case 2:
		partition(s);
		break;
	case 3:
	case 4:
		mend(s);
		break;
	case 5:
		n->paused_until = s->now + chance(s, 1500000);
		SAY(s, "%s is stopped for %.3f", n->name,
		    (double)(n->paused_until - s->now) / 1e6);
		break;
	case 6:
		sim_disk_full(n->disk, chance(s, 2));
		break;
	case 7:
		if (n->agree)
			agree_step_down(n->agree);
		break;
	case 8: /* a false report */
		for (unsigned i = 0; i < s->nodes; i++) {
			if (s->node[i].agree && chance(s, 3))
				agree_suspect(s->node[i].agree, n->name,
					      false);
		}
		break;
	case 9:
	case 10:
		change_voters(s);
		break;
	case 11:
		s->drop = chance(s, 2) ? 0 : (unsigned)chance(s, 30);
		s->dup = (unsigned)chance(s, 10);
		s->delay_ms = chance(s, 3) ? 2 : (unsigned)chance(s, 200);
		break;
	}
}

static void deliver(struct sim *s)
{
	for (size_t i = 0; i < s->nmsg;) {
		struct message m = s->msg[i];
		struct node *to = &s->node[m.to];

		if (m.at > s->now || (to->agree && to->paused_until > s->now)) {
			i++;
			continue;
		}
		s->msg[i] = s->msg[--s->nmsg];
		if (to->agree)
			agree_receive(to->agree, s->node[m.from].name, m.data,
				      m.len);
		free(m.data);
	}
}

static void step(struct sim *s)
{
	s->now += STEP_US;
	s->out->steps++;
	deliver(s);
	for (unsigned i = 0; i < s->nodes; i++) {
		struct node *n = &s->node[i];

		if (n->agree == NULL && s->now >= n->down_until)
			boot(n);
		for (int k = 0; k < 20 && n->agree && n->wake_at <= s->now &&
				n->paused_until <= s->now;
		     k++) {
			n->wake_at = UINT64_MAX;
			agree_turn(n->agree);
		}
		if (n->agree && sim_disk_crashed(n->disk))
			crash(n);
	}
	check_leases(s);
}

static bool all_agree(struct sim *s)
{
	size_t voters;
	const char *const *v;
	struct node *lead = NULL;

	for (unsigned i = 0; i < s->nodes; i++) {
		if (s->node[i].agree && agree_lease_valid(s->node[i].agree))
			lead = &s->node[i];
	}
	if (lead == NULL)
		return false;
	v = agree_voters(lead->agree, &voters);
	for (size_t k = 0; k < voters; k++) {
		for (unsigned i = 0; i < s->nodes; i++) {
			if (strcmp(s->node[i].name, v[k]) == 0 &&
			    s->node[i].nlog != s->nagreed)
				return false;
		}
	}
	return true;
}

/* Every record that was confirmed is where it was said to be. */
static void check_end(struct sim *s)
{
	if (!all_agree(s))
		fail(s, "no agreement though all is well", NULL, s->nagreed,
		     s->nrecords);
	for (uint32_t i = 0; i < s->nrecords; i++) {
		const struct record *r = &s->record[i];

		if (r->ok && (r->index > s->nagreed ||
			      s->agreed[r->index - 1] != i))
			fail(s, "a confirmed record is lost", NULL, i,
			     r->index);
	}
}

static void describe(struct sim *s)
{
	for (unsigned i = 0; i < s->nodes; i++) {
		struct node *n = &s->node[i];
		struct agree_stats st = {0};
		const char *const *v;
		size_t voters = 0;

		if (n->agree == NULL) {
			SAY(s, "%s: down", n->name);
			continue;
		}
		agree_stats(n->agree, &st);
		v = agree_voters(n->agree, &voters);
		SAY(s, "%s: term %llu, follows %s, %zu records, commit %llu,"
		       " %zu voters (%s ...), %s",
		    n->name, (unsigned long long)agree_term(n->agree),
		    agree_leader(n->agree) ? agree_leader(n->agree) : "-",
		    n->nlog, (unsigned long long)st.committed, voters,
		    voters ? v[voters - 1] : "-", st.disk_error);
	}
}

static void start(struct sim *s)
{
	static const unsigned sizes[] = {1, 3, 3, 4, 5, 6};

	s->nodes = sizes[chance(s, 6)];
	s->delay_ms = 2;
	for (unsigned i = 0; i < s->nodes; i++) {
		struct node *n = &s->node[i];

		snprintf(n->name, sizeof(n->name), "n%u", i);
		n->sim = s;
		n->wake_at = UINT64_MAX;
		n->disk = sim_disk_create(env_random, n);
	}
	for (unsigned i = 0; i < s->nodes; i++) {
		while (s->node[i].agree == NULL)
			boot(&s->node[i]);
	}
	while (agree_bootstrap(s->node[0].agree, NULL) != 0 &&
	       !s->out->failure[0]) {
		agree_destroy(s->node[0].agree);
		s->node[0].agree = NULL;
		while (s->node[0].agree == NULL)
			boot(&s->node[0]);
		if (!agree_blank(s->node[0].agree))
			break;
	}
	for (unsigned i = 0; i < 50; i++)
		step(s);
	change_voters(s);
	for (unsigned i = 0; i < 200; i++)
		step(s);
}

void agree_sim_run(uint64_t seed, bool verbose, struct sim_result *out)
{
	struct sim *s = mem_alloc(sizeof(*s));
	uint64_t end, every;

	memset(out, 0, sizeof(*out));
	s->out = out;
	s->verbose = verbose;
	rand_seed(&s->rand, seed);
	start(s);
	every = 20 + chance(s, 400);
	end = s->now + 500000 + chance(s, LENGTH_US);
	while (s->now < end && !out->failure[0]) {
		step(s);
		if (chance(s, every) == 0)
			trouble(s);
		if (chance(s, 8) == 0)
			propose(s);
	}
	mend(s);
	s->calm = true;
	s->drop = s->dup = 0;
	s->delay_ms = 2;
	for (unsigned i = 0; i < s->nodes; i++) {
		sim_disk_full(s->node[i].disk, false);
		sim_disk_fuse(s->node[i].disk, 0);
		s->node[i].paused_until = 0;
		if (s->node[i].down_until > s->now)
			s->node[i].down_until = s->now;
	}
	end = s->now + CALM_US;
	while (s->now < end && !out->failure[0] && !all_agree(s))
		step(s);
	if (!out->failure[0])
		check_end(s);
	describe(s);
	for (unsigned i = 0; i < s->nodes; i++) {
		agree_destroy(s->node[i].agree);
		sim_disk_destroy(s->node[i].disk);
	}
	for (size_t i = 0; i < s->nmsg; i++)
		free(s->msg[i].data);
	free(s);
}
