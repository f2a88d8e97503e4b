/*
 * agree_msg.h - what the agreements of two ranks say to each other, as bytes.
 * Owns the format and checks what comes in; libraft's structs are encoded
 * field by field.
 *
 * Little endian: u8 version, u8 kind, u64 from, u64 to, u64 stamp, u64 echo,
 * u64 echo_term, u64 promise_us, then what the kind has.
 */
#ifndef BROKER_AGREE_MSG_H
#define BROKER_AGREE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "broker/agree_raft_api.h"

enum agree_msg_kind {
	AGREE_MSG_RAFT = 1,
	AGREE_MSG_HELLO = 2,  /* my id */
	AGREE_MSG_BEACON = 3, /* I lead, these are the voters */
	AGREE_MSG_RESIGN = 4, /* I lead no more in this term; target elects */
};

enum { AGREE_MSG_VOTERS = 16 };

struct agree_msg {
	enum agree_msg_kind kind;
	uint64_t from, to; /* ids; to 0: whoever it reaches */
	/* For the lease (agree_lease.h): the sender's clock, the latest clock
	 * of the receiver that it acted on, in which term, and how much
	 * longer it has promised another leader not to support anyone. */
	uint64_t stamp, echo, echo_term, promise_us;
	struct raft_message raft; /* type 0: none (any more) */
	uint64_t term;		  /* beacon, resign */
	uint64_t target;	  /* resign: an id */
	char *voter[AGREE_MSG_VOTERS]; /* beacon: names of nodes */
	unsigned nvoters;
};

/* Entries of an AppendEntries beyond max bytes are left out: the receiver
 * asks for them again. */
void agree_msg_encode(const struct agree_msg *m, size_t max, struct buf *out);
/* Where the fields for the lease are in what agree_msg_encode wrote, since
 * they are filled in when it is sent. */
enum { AGREE_MSG_STAMP_AT = 18 };
int agree_msg_decode(const void *data, size_t len, struct agree_msg *out,
		     struct berth_error *err);
/* Frees what decode took; what libraft has taken over goes by raft.type 0. */
void agree_msg_finish(struct agree_msg *m);

#endif
