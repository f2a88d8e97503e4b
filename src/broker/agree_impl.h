/* agree_impl.h - the insides of struct agree, for agree*.c. */
#ifndef BROKER_AGREE_IMPL_H
#define BROKER_AGREE_IMPL_H

#include "broker/agree_env.h"
#include "broker/agree_msg.h"
#include "broker/agree_raft_api.h"
#include "broker/agree_store.h"

/* A rank that we have heard of. */
struct agree_peer {
	char *node;
	uint64_t id;	    /* 0: not known yet */
	uint64_t echo;	    /* its clock when it sent what we acted on */
	uint64_t echo_term; /* as leader of this term */
	uint64_t acked;	    /* leader: our clock, in what it acted on */
	uint64_t match;	    /* leader: it has the log up to here */
};

struct agree_in {
	char *node;
	struct agree_msg msg;
};

struct agree_out {
	char *node;
	struct buf bytes;
	bool heartbeat; /* of a leader: AppendEntries, InstallSnapshot */
	struct raft_io_send *req; /* NULL: ours */
	raft_io_send_cb cb;
};

struct agree_append {
	struct raft_io_append *req;
	raft_io_append_cb cb;
	uint64_t term; /* of its last entry */
};

struct agree_get_snap {
	struct raft_io_snapshot_get *req;
	raft_io_snapshot_get_cb cb;
};

struct agree_proposal {
	void *data;
	size_t len;
	agree_done_f done;
	void *arg;
};

/* Proposals that are one entry of the log. */
struct agree_batch {
	struct raft_apply req;
	struct agree *agree;
	struct agree_proposal *item;
	size_t n;
	uint64_t first; /* index of the first record, once applied */
};

/* Arrays that grow. */
#define AGREE_LIST(type)                                                       \
	struct {                                                               \
		type *at;                                                      \
		size_t n;                                                      \
	}
#define AGREE_ADD(list)                                                        \
	((list).at = mem_resize((list).at, (list).n + 1, sizeof(*(list).at)),  \
	 &(list).at[(list).n++])

struct agree {
	struct agree_env env;
	struct agree_disk disk;
	struct agree_config config;
	const struct agree_events *ev;
	void *arg;
	uint64_t id;

	/* libraft and what it has asked for */
	struct agree_store *store;
	struct raft raft;
	struct raft_io io;
	struct raft_fsm fsm;
	raft_io_tick_cb tick;
	raft_io_recv_cb recv;
	bool started, closing;
	uint64_t warp_ms; /* its clock is so much ahead of ours */
	AGREE_LIST(struct agree_out) out;
	AGREE_LIST(struct agree_append) append;
	struct raft_io_snapshot_put *put;
	raft_io_snapshot_put_cb put_cb;
	AGREE_LIST(struct agree_get_snap) get;
	uint64_t got_term; /* of the snapshot that was got last */
	uint64_t next_index; /* of the entry that is appended next */
	uint64_t term_stored; /* of the last entry on the disk */
	struct raft_configuration committed; /* libraft 0.15 forgets it */
	uint64_t committed_index;
	uint64_t match_term, match_index; /* so far we have a leader's log */

	/* what waits for the next turn */
	AGREE_LIST(struct agree_in) in;
	AGREE_LIST(struct agree_proposal) wait;
	size_t wait_bytes;
	unsigned batches; /* in flight */
	unsigned in_flight;
	bool in_turn, again, dead;
	uint64_t next_tick, retry_at, elect_at;

	/* peers, lease, who leads */
	AGREE_LIST(struct agree_peer) peer;
	uint64_t heard_us, heard_from; /* our promise to a leader */
	uint64_t act_after, act_term;  /* earlier leaders' leases are over */
	uint64_t lead_term;
	bool begin_asked, begun, leading, resigning;
	uint64_t beacon_term, beacon_at, next_beacon;
	char *beacon_leader;
	char **beacon_voters;
	size_t nbeacon_voters;
	char *told_leader; /* what following last said */
	uint64_t told_term;
	bool told;
	uint64_t terms_seen, last_term;

	/* voters */
	char **wanted;
	size_t nwanted;
	struct raft_change change;
	bool changing;
	uint64_t next_change;
	const char **names; /* agree_voters' answer */

	uint64_t applied; /* records, ever */
	uint64_t sync_us;
};

uint64_t agree_now(const struct agree *a);
struct agree_peer *agree_peer_of(struct agree *a, const char *node);
/* Queue a message of ours for the end of the turn. */
void agree_queue(struct agree *a, const char *node, struct agree_msg *m);
/* Run a turn soon. */
void agree_kick(struct agree *a);

/* agree_alone.c */
int agree_open_store(struct agree *a, struct berth_error *err);
/* Make this node the only voter with this entry, and open the store anew. */
int agree_alone_write(struct agree *a, uint64_t index, uint64_t term,
		      struct berth_error *err);
int agree_forget_others(struct agree *a, struct berth_error *err);

/* agree_io.c: libraft's I/O. */
int agree_io_start(struct agree *a, struct berth_error *err);
void agree_io_stop(struct agree *a);
void agree_io_settle(struct agree *a);
void agree_io_tick(struct agree *a);

/* agree_in.c */
void agree_in_receive(struct agree *a, const char *node, struct agree_msg *m);

/* agree_fsm.c */
int agree_fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf,
		    void **result);
int agree_fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[],
		       unsigned *n_bufs);
int agree_fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf);
/* Takes b over, and the proposals' data. */
void agree_fsm_propose(struct agree *a, struct agree_batch *b);

/* agree_conf.c: the voters in libraft's form. */
const struct raft_server *agree_server(const struct agree *a, uint64_t id);
const struct raft_server *agree_server_at(const struct agree *a,
					  const char *node);
bool agree_is_voter(const struct agree *a);
size_t agree_nvoters(const struct agree *a);
void agree_conf_copy(struct raft_configuration *to,
		     const struct raft_configuration *from);
void agree_conf_pad(const struct raft_buffer *encoded);
void agree_conf_note(struct agree *a);
void agree_conf_restore(struct agree *a, const struct agree_snapshot *snap,
			const struct raft_entry *entry, size_t n,
			uint64_t first);
void agree_trim(struct agree *a, struct raft_append_entries *args);
void agree_conf_part(struct agree *a, struct raft_append_entries *args);
void agree_match_note(struct agree *a, const struct raft_message *m);
uint64_t agree_matched(const struct agree *a, uint64_t id);
uint64_t agree_match_clip(const struct agree *a, uint64_t index);
void agree_conf_rollback(struct agree *a,
			 const struct raft_append_entries *args);

/* agree_lease.c */
uint64_t agree_promise_left(const struct agree *a, uint64_t asker);
uint64_t agree_lease_until(const struct agree *a);
void agree_lease_heard(struct agree *a, struct agree_peer *p, uint64_t stamp,
		       uint64_t id);
void agree_lease_vote(struct agree *a, uint64_t promise_us);
void agree_forget_leader(struct agree *a);
void agree_elect_soon(struct agree *a, uint64_t target);

/* agree_voters.c */
void agree_voters_step(struct agree *a);

#endif
