/* agree_in.c - what libraft gets to see of other ranks. */
#include "broker/agree_impl.h"

/*
 * What libraft must not see.  A leader of 0.15 counts replicas of entries of
 * earlier terms, which commits nothing (section 5.4.2 of the paper), so
 * answers wait until an entry of its own term is on its disk.  One of 0.22
 * takes an old refusal for a new one and goes back to before what the follower
 * is known to have: then it finds less than nothing on its way there, takes
 * that for more than may be, and sends no entry any more.  And what only a
 * liar would send, against which libraft has assertions alone.
 */
static bool answer_counts(const struct agree *a, uint64_t from,
			  const struct raft_append_entries_result *r)
{
	if (a->raft.state != RAFT_LEADER || r->term != a->raft.current_term)
		return true;
	if (AGREE_RAFT_OLD)
		return a->term_stored == r->term;
	return r->rejected == 0 || r->rejected > agree_matched(a, from);
}

static bool acceptable(struct agree *a, const char *node,
		       const struct agree_msg *m)
{
	const struct raft_message *r = &m->raft;
	bool lead = a->raft.state == RAFT_LEADER;
	uint64_t term = a->raft.current_term;

	if (m->from == a->id)
		return false;
	switch ((int)r->type) {
	case AGREE_APPEND:
		return r->append_entries.term > 0 &&
		       !(lead && r->append_entries.term == term);
	case AGREE_SNAPSHOT:
		/* 0.22 stumbles when it is writing one of its own; the
		 * leader sends it again. */
		return r->install_snapshot.term > 0 && a->put == NULL &&
		       !(lead && r->install_snapshot.term == term);
	case AGREE_APPEND_RESULT:
		return answer_counts(a, m->from, &r->append_entries_result);
	case AGREE_VOTE:
		return r->request_vote.candidate_id == m->from &&
		       !r->request_vote.disrupt_leader;
	default:
		return true;
	}
}

static void note_answer(struct agree *a, struct agree_peer *p,
			const struct agree_msg *m)
{
	const struct raft_append_entries_result *r =
		&m->raft.append_entries_result;

	if ((int)m->raft.type == AGREE_APPEND_RESULT && r->rejected == 0 &&
	    r->term == a->raft.current_term && r->last_log_index > p->match)
		p->match = r->last_log_index;
	if ((int)m->raft.type == AGREE_VOTE_RESULT &&
	    m->raft.request_vote_result.vote_granted &&
	    !AGREE_IS_PRE_VOTE(m->raft.request_vote_result.pre_vote) &&
	    m->raft.request_vote_result.term == a->raft.current_term)
		agree_lease_vote(a, m->promise_us);
}

/*
 * A server may be a voter by an entry that it has not got yet, and its vote
 * may be needed to get it (section 4.2.2 of the dissertation): libraft looks
 * for its role first, so it is lent one.
 */
static void receive(struct agree *a, struct raft_message *m)
{
	struct raft_configuration *c = &a->raft.configuration;
	struct raft_server *self = NULL;
	int role = RAFT_VOTER;

	for (unsigned i = 0; i < c->n; i++) {
		if (c->servers[i].id == a->id)
			self = &c->servers[i];
	}
	if (self && (int)m->type == AGREE_VOTE) {
		role = self->role;
		self->role = RAFT_VOTER;
	} else {
		self = NULL;
	}
	a->recv(&a->io, m);
	if (self)
		self->role = role;
}

void agree_in_receive(struct agree *a, const char *node, struct agree_msg *m)
{
	struct agree_peer *p;
	uint64_t term = 0;
	int type = (int)m->raft.type;

	if (!a->started || !acceptable(a, node, m))
		return;
	note_answer(a, agree_peer_of(a, node), m);
	if (type == AGREE_APPEND) {
		term = m->raft.append_entries.term;
		if (term >= a->raft.current_term)
			agree_trim(a, &m->raft.append_entries);
		agree_conf_part(a, &m->raft.append_entries);
		agree_match_note(a, &m->raft);
		agree_conf_rollback(a, &m->raft.append_entries);
	} else if (type == AGREE_SNAPSHOT) {
		agree_match_note(a, &m->raft);
		term = m->raft.install_snapshot.term;
	}
	m->raft.server_id = m->from;
	m->raft.server_address = node;
	receive(a, &m->raft);
	m->raft.type = 0;
	if (term > 0 && a->raft.state == RAFT_FOLLOWER &&
	    a->raft.current_term == term &&
	    a->raft.follower_state.current_leader.id == m->from) {
		p = agree_peer_of(a, node);
		agree_lease_heard(a, p, m->stamp, m->from);
	}
}
