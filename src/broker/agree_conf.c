/* agree_conf.c - the voters in libraft's form; and what libraft 0.15 does not
 * keep: the voters as last committed, which come back when a change of them
 * was never committed. */
#include <stdlib.h>
#include <string.h>

#include "broker/agree_bytes.h"
#include "broker/agree_impl.h"

const struct raft_server *agree_server(const struct agree *a, uint64_t id)
{
	const struct raft_configuration *c = &a->raft.configuration;

	for (unsigned i = 0; i < c->n; i++) {
		if (c->servers[i].id == id)
			return &c->servers[i];
	}
	return NULL;
}

const struct raft_server *agree_server_at(const struct agree *a,
					  const char *node)
{
	const struct raft_configuration *c = &a->raft.configuration;

	for (unsigned i = 0; i < c->n; i++) {
		if (strcmp(c->servers[i].address, node) == 0)
			return &c->servers[i];
	}
	return NULL;
}

bool agree_is_voter(const struct agree *a)
{
	const struct raft_server *s = agree_server(a, a->id);

	return s && s->role == RAFT_VOTER;
}

size_t agree_nvoters(const struct agree *a)
{
	size_t n = 0;

	for (unsigned i = 0; i < a->raft.configuration.n; i++)
		n += a->raft.configuration.servers[i].role == RAFT_VOTER;
	return n;
}

void agree_conf_copy(struct raft_configuration *to,
		     const struct raft_configuration *from)
{
	raft_configuration_close(to);
	raft_configuration_init(to);
	for (unsigned i = 0; i < from->n; i++) {
		const struct raft_server *s = &from->servers[i];

		if (raft_configuration_add(to, s->id, s->address, s->role) !=
		    0)
			abort();
	}
}

/*
 * Libraft's own encoding of the voters: u8 version, u64 count, then u64 id, a
 * string with its NUL, u8 role, of each, padded to 8 bytes; it leaves in the
 * padding what was in memory there.
 */
void agree_conf_pad(const struct raft_buffer *encoded)
{
	struct agree_reader r = agree_reader(encoded->base, encoded->len);
	char *end = (char *)encoded->base + encoded->len;
	uint64_t n;

	agree_get(&r, 1);
	n = agree_get(&r, 8);
	for (uint64_t i = 0; i < n && !r.bad; i++) {
		const unsigned char *nul;

		agree_get(&r, 8);
		nul = memchr(r.p, '\0', agree_left(&r));
		if (nul == NULL)
			return;
		r.p = nul + 1;
		agree_get(&r, 1);
	}
	if (!r.bad)
		memset(end - agree_left(&r), 0, agree_left(&r));
}

#if AGREE_RAFT_OLD

static int decode(const struct raft_buffer *buf, struct raft_configuration *c)
{
	struct agree_reader r = agree_reader(buf->base, buf->len);
	uint64_t n;

	raft_configuration_init(c);
	agree_get(&r, 1);
	n = agree_get(&r, 8);
	for (uint64_t i = 0; i < n && !r.bad; i++) {
		uint64_t id = agree_get(&r, 8);
		const char *address = (const char *)r.p;
		const char *end = memchr(address, '\0', agree_left(&r));

		if (end == NULL)
			return -1;
		r.p += end - address + 1;
		if (raft_configuration_add(c, id, address,
					   (int)agree_get(&r, 1)) != 0)
			return -1;
	}
	return r.bad ? -1 : 0;
}

/* After a start libraft takes the last change in the log for committed;
 * what it was before comes from the change before, or from the snapshot. */
void agree_conf_restore(struct agree *a, const struct agree_snapshot *snap,
			const struct raft_entry *entry, size_t n,
			uint64_t first)
{
	struct raft_configuration before;
	uint64_t before_index = 0;
	size_t last = n;

	raft_configuration_init(&before);
	while (last > 0 && entry[last - 1].type != RAFT_CHANGE)
		last--;
	if (last == 0 || first + last - 1 == 1)
		return;
	if (snap->index > 0 && first + last - 1 <= snap->index)
		return;
	for (size_t i = last - 1; i > 0 && before_index == 0; i--) {
		if (entry[i - 1].type == RAFT_CHANGE &&
		    decode(&entry[i - 1].buf, &before) == 0)
			before_index = first + i - 1;
	}
	if (before_index == 0 && snap->index > 0) {
		for (size_t i = 0; i < snap->nvoters; i++)
			raft_configuration_add(&before, snap->voter[i].id,
					       snap->voter[i].node,
					       (int)snap->voter[i].role);
		before_index = snap->voters_index;
	}
	if (before_index > 0) {
		raft_configuration_close(&a->committed);
		a->committed = before;
		a->committed_index = before_index;
		return;
	}
	raft_configuration_close(&before);
}

static uint64_t term_of(const struct raft_log *l, uint64_t index)
{
	size_t n = l->size == 0 ? 0 : (l->back + l->size - l->front) % l->size;

	if (index == l->snapshot.last_index && index > 0)
		return l->snapshot.last_term;
	if (index <= l->offset || index > l->offset + n)
		return 0;
	return l->entries[(l->front + index - l->offset - 1) % l->size].term;
}

/* The last entry that is committed here. */
static uint64_t kept_until(const struct agree *a, uint64_t *term)
{
	*term = term_of(&a->raft.log, a->raft.commit_index);
	return a->raft.commit_index;
}

/*
 * 0.15 answers with the end of its log, which may be a leftover of an earlier
 * leader's: what is known to match this one's is noted here.
 */
void agree_match_note(struct agree *a, const struct raft_message *m)
{
	const struct raft_append_entries *args = &m->append_entries;
	uint64_t term, end;

	if ((int)m->type == AGREE_APPEND) {
		term = args->term;
		end = args->prev_log_index + args->n_entries;
		if (args->prev_log_index > 0 &&
		    term_of(&a->raft.log, args->prev_log_index) !=
			    args->prev_log_term)
			end = 0;
	} else {
		term = m->install_snapshot.term;
		end = m->install_snapshot.last_index;
	}
	if (term < a->raft.current_term)
		return;
	if (term != a->match_term) {
		a->match_term = term;
		a->match_index = 0;
	}
	if (end > a->match_index)
		a->match_index = end;
}

uint64_t agree_matched(const struct agree *a, uint64_t id)
{
	return 0;
}

uint64_t agree_match_clip(const struct agree *a, uint64_t index)
{
	uint64_t most = a->match_term == a->raft.current_term ? a->match_index
							      : 0;

	return index < most ? index : most;
}

/* Remember the voters as committed: the present ones, or, when a change of
 * them is under way behind a committed one, those of that entry. */
void agree_conf_note(struct agree *a)
{
	const struct raft_log *l = &a->raft.log;
	uint64_t index = a->raft.configuration_index;
	struct raft_configuration c;
	const struct raft_entry *e;

	/* A snapshot from the leader has it, too. */
	if (a->raft.configuration_uncommitted_index <= a->raft.last_applied)
		a->raft.configuration_uncommitted_index = 0;
	if (a->committed_index == index && a->committed.n > 0)
		return;
	if (a->raft.configuration_uncommitted_index == 0) {
		agree_conf_copy(&a->committed, &a->raft.configuration);
		a->committed_index = index;
		return;
	}
	if (index <= l->offset || term_of(l, index) == 0)
		return;
	e = &l->entries[(l->front + index - l->offset - 1) % l->size];
	if (e->type != RAFT_CHANGE || decode(&e->buf, &c) != 0)
		return;
	raft_configuration_close(&a->committed);
	a->committed = c;
	a->committed_index = index;
}

void agree_conf_rollback(struct agree *a,
			 const struct raft_append_entries *args)
{
	const struct raft_log *log = &a->raft.log;
	uint64_t change = a->raft.configuration_uncommitted_index;
	unsigned i;

	if (change == 0 || a->committed.n == 0 ||
	    args->term < a->raft.current_term ||
	    term_of(log, args->prev_log_index) != args->prev_log_term)
		return;
	for (i = 0; i < args->n_entries; i++) {
		uint64_t index = args->prev_log_index + 1 + i;
		uint64_t term = term_of(log, index);

		if (term == 0 || index > change)
			return;
		if (term != args->entries[i].term)
			break;
	}
	if (i == args->n_entries)
		return;
	agree_conf_copy(&a->raft.configuration, &a->committed);
	a->raft.configuration_index = a->committed_index;
	a->raft.configuration_uncommitted_index = 0;
}

void agree_conf_part(struct agree *a, struct raft_append_entries *args)
{
}

#else

static uint64_t term_of(const struct raft_trail *t, uint64_t index)
{
	if (index > t->offset && t->size > 0) {
		for (unsigned i = t->front; i != t->back; i = (i + 1) % t->size)
			if (index <= t->records[i].index)
				return t->records[i].term;
	}
	return index == t->snapshot.index ? t->snapshot.term : 0;
}

/* The last entry in our snapshot; none while one is being installed, then
 * libraft takes no entries. */
static uint64_t kept_until(const struct agree *a, uint64_t *term)
{
	const struct raft_trail *t = &a->raft.trail;

	*term = t->snapshot.index <= a->raft.commit_index ? t->snapshot.term
							  : 0;
	return t->snapshot.index;
}

/*
 * 0.22 notes a change of voters under the index of the first new entry of its
 * message, and then does not know it when it is committed: a message may only
 * begin with one, the leader sends the rest again.  And it forgets that the
 * change before is committed when the next one comes, as it must be then.
 */
void agree_conf_part(struct agree *a, struct raft_append_entries *args)
{
	uint64_t before = a->raft.configuration_uncommitted_index;

	for (unsigned i = 1; i < args->n_entries; i++) {
		if (args->entries[i].type == RAFT_CHANGE)
			args->n_entries = i;
	}
	/* It would go back to the end of a message that was long under way. */
	if (args->prev_log_index + args->n_entries < a->raft.commit_index)
		args->leader_commit = 0;
	if (args->n_entries == 0 || args->entries[0].type != RAFT_CHANGE ||
	    before == 0 || before > args->prev_log_index ||
	    args->term < a->raft.current_term ||
	    term_of(&a->raft.trail, args->prev_log_index) !=
		    args->prev_log_term)
		return;
	agree_conf_copy(&a->raft.configuration_committed,
			&a->raft.configuration);
	a->raft.configuration_committed_index = before;
	a->raft.configuration_uncommitted_index = 0;
}

void agree_match_note(struct agree *a, const struct raft_message *m)
{
}

/* Leader: so far the log of this server is known to be ours. */
uint64_t agree_matched(const struct agree *a, uint64_t id)
{
	raft_index index;

	return raft_match_index(&a->raft, id, &index) == 0 ? index : 0;
}

uint64_t agree_match_clip(const struct agree *a, uint64_t index)
{
	return index;
}

void agree_conf_note(struct agree *a)
{
}

void agree_conf_restore(struct agree *a, const struct agree_snapshot *snap,
			const struct raft_entry *entry, size_t n,
			uint64_t first)
{
}

void agree_conf_rollback(struct agree *a,
			 const struct raft_append_entries *args)
{
}

#endif

/*
 * A message that was long under way brings entries that are in a snapshot
 * here.  0.15 takes them for new ones; so does 0.22 when they begin with the
 * log's first, for which it looks for no entry before.  The message begins
 * behind them: a leader of this term has them all.
 */
void agree_trim(struct agree *a, struct raft_append_entries *args)
{
	uint64_t term, end = kept_until(a, &term);
	uint64_t known = end - args->prev_log_index;

	if (args->prev_log_index >= end || term == 0)
		return;
	if (known >= args->n_entries) {
		if (args->n_entries > 0)
			raft_free(args->entries[0].batch);
		raft_free(args->entries);
		args->entries = NULL;
		args->n_entries = 0;
	} else {
		args->n_entries -= (unsigned)known;
		memmove(args->entries, args->entries + known,
			args->n_entries * sizeof(*args->entries));
	}
	args->prev_log_index = end;
	args->prev_log_term = term;
}
