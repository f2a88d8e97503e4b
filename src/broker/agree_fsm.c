/*
 * agree_fsm.c - libraft's state machine: an entry of its log holds the records
 * that were proposed together, u8 version, u64 term, u32 count, then each with
 * its u32 length.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agree_bytes.h"
#include "broker/agree_impl.h"

enum { BATCH_VERSION = 1 };

int agree_fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf,
		    void **result)
{
	struct agree *a = fsm->data;
	struct agree_reader r = agree_reader(buf->base, buf->len);
	unsigned version = (unsigned)agree_get(&r, 1);
	uint64_t term = agree_get(&r, 8);
	size_t count = agree_get(&r, 4), len;

	/* The index of its first record, for on_applied. */
	*result = (void *)(uintptr_t)(a->applied + 1);
	if (a->closing)
		return 0;
	if (version != BATCH_VERSION)
		r.bad = true;
	for (size_t i = 0; i < count && !r.bad; i++) {
		const void *data = agree_get_bytes(&r, &len);

		if (r.bad)
			break;
		a->applied++;
		if (a->ev->applied && !a->dead)
			a->ev->applied(a->arg, a->applied, term, data, len);
	}
	if (r.bad)
		log_error("agreement: an entry of %zu bytes makes no sense; "
			  "it is left out", buf->len);
	return 0;
}

int agree_fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[],
			unsigned *n_bufs)
{
	struct agree *a = fsm->data;
	struct buf b = {0};

	if (a->closing || a->dead)
		return RAFT_BUSY;
	agree_put(&b, a->applied, 8);
	if (a->ev->snapshot)
		a->ev->snapshot(a->arg, &b);
	*bufs = raft_malloc(sizeof(**bufs));
	(*bufs)[0].base = raft_malloc(b.len);
	(*bufs)[0].len = b.len;
	memcpy((*bufs)[0].base, b.data, b.len);
	*n_bufs = 1;
	buf_finish(&b);
	return 0;
}

int agree_fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
	struct agree *a = fsm->data;
	struct agree_reader r = agree_reader(buf->base, buf->len);
	struct berth_error err = {0};

	a->applied = agree_get(&r, 8);
	if (r.bad)
		return RAFT_MALFORMED;
	if (a->ev->restore && !a->dead &&
	    a->ev->restore(a->arg, r.p, agree_left(&r), &err) != 0) {
		log_error("agreement: the snapshot cannot be taken: %s",
			  err.text);
		snprintf(a->io.errmsg, sizeof(a->io.errmsg), "%.255s",
			 err.text);
		return RAFT_MALFORMED;
	}
	raft_free(buf->base);
	return 0;
}

/* ---- proposals ---- */

static void end_batch(struct agree_batch *b, enum agree_result result)
{
	struct agree *a = b->agree;

	a->batches--;
	for (size_t i = 0; i < b->n; i++) {
		a->in_flight--;
		if (b->item[i].done)
			b->item[i].done(b->item[i].arg, result,
					result == AGREE_OK ? b->first + i : 0);
	}
	free(b->item);
	free(b);
	agree_kick(a);
}

static void on_applied(struct raft_apply *req, int status, void *result)
{
	struct agree_batch *b = req->data;
	struct agree *a = b->agree;

	b->first = (uint64_t)(uintptr_t)result;
	if (b->n == 0 && status == 0 && a->lead_term == a->raft.current_term)
		a->begun = true;
	end_batch(b, status == 0 && !a->closing ? AGREE_OK : AGREE_LOST);
}

void agree_fsm_propose(struct agree *a, struct agree_batch *b)
{
	struct raft_buffer buf;
	struct buf out = {0};
	int rc;

	agree_put(&out, BATCH_VERSION, 1);
	agree_put(&out, a->raft.current_term, 8);
	agree_put(&out, b->n, 4);
	for (size_t i = 0; i < b->n; i++) {
		agree_put_bytes(&out, b->item[i].data, b->item[i].len);
		free(b->item[i].data);
	}
	buf.len = out.len;
	buf.base = raft_malloc(out.len);
	memcpy(buf.base, out.data, out.len);
	buf_finish(&out);
	b->agree = a;
	b->req.data = b;
	a->batches++;
	rc = raft_apply(&a->raft, &b->req, &buf, 1, on_applied);
	if (rc != 0) {
		raft_free(buf.base);
		end_batch(b, AGREE_LOST);
	}
}
