/* agree_in.c - what libraft gets to see of other ranks. */
#include "broker/agree_impl.h"

/*
 * Two things that libraft must not see.  A leader counts replicas of entries
 * of earlier terms, which commits nothing (section 5.4.2 of the paper), so
 * answers wait until an entry of its own term is on its disk.  And what only
 * a liar would send, against which libraft has assertions alone.
 */
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
		return r->install_snapshot.term > 0 &&
		       !(lead && r->install_snapshot.term == term);
	case AGREE_APPEND_RESULT:
		if (!lead || r->append_entries_result.term != term)
			return true;
		return a->term_stored == term &&
		       (r->append_entries_result.rejected ||
			AGREE_RAFT_OLD ||
			r->append_entries_result.last_log_index >=
				a->lead_first);
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
		agree_conf_rollback(a, &m->raft.append_entries);
	} else if (type == AGREE_SNAPSHOT) {
		term = m->raft.install_snapshot.term;
	}
	m->raft.server_id = m->from;
	m->raft.server_address = node;
	a->recv(&a->io, &m->raft);
	m->raft.type = 0;
	if (term > 0 && a->raft.state == RAFT_FOLLOWER &&
	    a->raft.current_term == term &&
	    a->raft.follower_state.current_leader.id == m->from) {
		p = agree_peer_of(a, node);
		agree_lease_heard(a, p, m->stamp, m->from);
	}
}
