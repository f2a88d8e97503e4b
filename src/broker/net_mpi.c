/*
 * net_mpi.c - the carrier of net_ranks.h over MPI; the only file with MPI in
 * it.
 *
 * A channel is a communicator: MPI_COMM_WORLD, or one with a single peer that
 * joined later.  On each, receives are posted at all times, a ring that is
 * read in the order of posting.  All transfers are small enough to be sent
 * eagerly: a peer that dies in the middle of a larger one, which MPI moves in
 * several steps, takes a receive from anybody along with it, or the whole
 * process (net_conn.h).
 *
 * A peer's death is an error of Open MPI 5 (failures are acknowledged, and
 * point-to-point traffic goes on over the same communicator), and mere
 * silence with Open MPI 4.1; the closed connection is seen with both.
 * Communicators are never freed: their numbers would be used again while an
 * old peer may still send on them.  That costs a few kB a join.
 */
#include <mpi.h>
#ifdef OPEN_MPI
#include <mpi-ext.h>
#endif

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/net_env.h"
#include "broker/net_pace.h"
#include "broker/net_ranks.h"

#if defined(OMPI_HAVE_MPI_EXT_FTMPI) && OMPI_HAVE_MPI_EXT_FTMPI
#define HAVE_ULFM 1
#endif

enum {
	TAG_TRANSFER = 1,
	TAG_NAMES = 2,
	NAME_ROOM = 72, /* of a node, in the exchange at the start */
	RING_MAX = 8, /* receives on the founders' channel */
	RING_PAIR = 2,
	RECV_ROOM = 64 * 1024,
	SUSPECT_LOOK_US = 20 * 1000,
	ROOM_LOOK_US = 100, /* of sockets whose buffers are full */
	EXIT_FLUSH_US = 300 * 1000,
	FINALIZE_MAX_S = 3,
};

struct mpi_channel;

/* A request under way and its memory. */
struct op {
	int slot; /* in the table */
	struct buf bytes;
	/* A receive: its channel; it has come and waits for its turn. */
	struct mpi_channel *ch;
	bool ready;
	int from, len;
	/* A send (ch is NULL): whose; NULL: nobody cares any more. */
	struct rank_peer *peer;
};

struct mpi_channel {
	struct rank_channel base; /* first */
	MPI_Comm comm;
	struct op *ring[RING_MAX];
	int nring, head;
};

struct net_mpi {
	struct net_ranks ranks; /* first */
	struct mpi_channel *world;
	struct net_pace *pace;
	/* The table of requests: parallel arrays. */
	MPI_Request *req;
	struct op **op; /* NULL: done, the slot is free */
	int nops, cap;
	int *index;	    /* for MPI_Testsome */
	MPI_Status *status; /* likewise */
	bool came;
	int first_probe; /* for the connection to rank 0 */
};

/* ---- the table of requests ---- */

static struct op *op_add(struct net_mpi *m, struct mpi_channel *ch,
			 struct rank_peer *peer)
{
	struct op *op = mem_alloc(sizeof(*op));
	size_t cap;

	op->ch = ch;
	op->peer = peer;
	op->slot = m->nops;
	buf_init(&op->bytes);
	if (m->nops == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 32;
		cap = (size_t)m->cap;
		m->req = mem_resize(m->req, cap, sizeof(*m->req));
		m->op = mem_resize(m->op, cap, sizeof(*m->op));
		m->index = mem_resize(m->index, cap, sizeof(*m->index));
		m->status = mem_resize(m->status, cap, sizeof(*m->status));
	}
	m->req[m->nops] = MPI_REQUEST_NULL;
	m->op[m->nops++] = op;
	return op;
}

static void op_free(struct net_mpi *m, struct op *op)
{
	m->op[op->slot] = NULL;
	m->req[op->slot] = MPI_REQUEST_NULL;
	buf_finish(&op->bytes);
	free(op);
}

static void ops_compact(struct net_mpi *m)
{
	int keep = 0;

	for (int i = 0; i < m->nops; i++) {
		if (m->op[i] == NULL)
			continue;
		m->req[keep] = m->req[i];
		m->op[keep] = m->op[i];
		m->op[keep]->slot = keep;
		keep++;
	}
	m->nops = keep;
}

/* ---- channels ---- */

static void recv_post(struct net_mpi *m, struct op *op)
{
	int from = op->ch->base.pair ? 0 : MPI_ANY_SOURCE;

	op->ready = false;
	if (MPI_Irecv(op->bytes.data, RECV_ROOM, MPI_BYTE, from, TAG_TRANSFER,
		      op->ch->comm, &m->req[op->slot]) != MPI_SUCCESS)
		m->req[op->slot] = MPI_REQUEST_NULL;
}

static struct mpi_channel *channel_create(struct net_mpi *m, MPI_Comm comm,
					  bool pair)
{
	struct mpi_channel *ch = mem_alloc(sizeof(*ch));
	int size = 1;

	MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
	if (!pair)
		MPI_Comm_size(comm, &size);
	ranks_channel_init(&m->ranks, &ch->base, pair, size);
	ch->comm = comm;
	ch->nring = pair ? RING_PAIR : RING_MAX;
	for (int i = 0; i < ch->nring; i++) {
		struct op *op = op_add(m, ch, NULL);

		buf_reserve(&op->bytes, RECV_ROOM);
		recv_post(m, op);
		ch->ring[i] = op;
	}
	return ch;
}

static void carrier_close(struct net_ranks *r, struct rank_channel *base)
{
	struct net_mpi *m = (struct net_mpi *)r;
	struct mpi_channel *ch = (struct mpi_channel *)base;

	for (int i = 0; i < ch->nring; i++) {
		MPI_Request *req = &m->req[ch->ring[i]->slot];
		int gone = 1;

		if (*req != MPI_REQUEST_NULL) {
			MPI_Cancel(req);
			MPI_Test(req, &gone, MPI_STATUS_IGNORE);
		}
		/* A cancelled receive is over at once; should one not be, its
		 * memory stays with the library. */
		if (!gone)
			buf_init(&ch->ring[i]->bytes);
		op_free(m, ch->ring[i]);
	}
	ranks_channel_finish(base);
	free(ch);
}

/* ---- transfers ---- */

static int carrier_send(struct net_ranks *r, struct rank_channel *ch, int rank,
			struct buf *bytes, struct rank_peer *p)
{
	struct net_mpi *m = (struct net_mpi *)r;
	struct op *op = op_add(m, NULL, p);

	op->bytes = *bytes;
	if (MPI_Isend(op->bytes.data, (int)op->bytes.len, MPI_BYTE, rank,
		      TAG_TRANSFER, ((struct mpi_channel *)ch)->comm,
		      &m->req[op->slot]) == MPI_SUCCESS)
		return 0;
	op_free(m, op);
	return -1;
}

/* A send that is under way stays in the table until MPI is done with its
 * memory, at once as a rule. */
static void carrier_orphan(struct net_ranks *r, struct rank_peer *p)
{
	struct net_mpi *m = (struct net_mpi *)r;

	for (int i = 0; i < m->nops; i++) {
		if (m->op[i] && m->op[i]->peer == p)
			m->op[i]->peer = NULL;
	}
}

static void carrier_kick(struct net_ranks *r)
{
	net_pace_kick(((struct net_mpi *)r)->pace);
}

static void carrier_connected(struct net_ranks *r)
{
	net_pace_connected(((struct net_mpi *)r)->pace);
}

static void carrier_look(struct net_ranks *r)
{
	net_pace_look(((struct net_mpi *)r)->pace);
}

static const struct carrier_ops carrier = {
	.send = carrier_send,
	.orphan = carrier_orphan,
	.close = carrier_close,
	.kick = carrier_kick,
	.connected = carrier_connected,
	.look = carrier_look,
};

/* ---- progress ---- */

/* Open MPI 5 reports failures on every receive from anybody until they are
 * acknowledged. */
static void failures_ack(struct net_mpi *m)
{
#ifdef HAVE_ULFM
	MPI_Comm comm = m->world->comm;
	MPI_Group failed, all;
	int n, rank;

	MPIX_Comm_failure_ack(comm);
	if (MPIX_Comm_failure_get_acked(comm, &failed) != MPI_SUCCESS)
		return;
	MPI_Comm_group(comm, &all);
	MPI_Group_size(failed, &n);
	for (int i = 0; i < n; i++) {
		struct rank_peer *p;

		MPI_Group_translate_ranks(failed, 1, &i, all, &rank);
		p = rank == MPI_UNDEFINED ? NULL
					  : m->world->base.by_rank[rank];
		if (p)
			ranks_lost(&m->ranks, p, "MPI reports its end");
	}
	MPI_Group_free(&failed);
	MPI_Group_free(&all);
#endif
}

static void recv_failed(struct net_mpi *m, struct op *op)
{
	struct rank_channel *ch = &op->ch->base;

	if (!ch->pair) {
		failures_ack(m);
		/* After such a notice the request goes on; should it be over,
		 * another takes its place in the ring. */
		if (m->req[op->slot] == MPI_REQUEST_NULL)
			recv_post(m, op);
		return;
	}
	ch->over = m->ranks.some_over = true;
	if (ch->by_rank[0])
		ranks_lost(&m->ranks, ch->by_rank[0], "MPI reports its end");
}

static void op_finished(struct net_mpi *m, struct op *op, bool ok,
			MPI_Status *status)
{
	if (op->ch == NULL) {
		if (op->peer)
			ranks_sent(&m->ranks, op->peer, ok);
		op_free(m, op);
	} else if (ok) {
		op->ready = true;
		op->from = op->ch->base.pair ? 0 : status->MPI_SOURCE;
		MPI_Get_count(status, MPI_BYTE, &op->len);
	} else {
		recv_failed(m, op);
	}
}

/* Hand on the transfers that have come, in order. */
static void channel_read(struct net_mpi *m, struct mpi_channel *ch)
{
	while (ch->ring[ch->head]->ready && !m->ranks.net.doomed) {
		struct op *op = ch->ring[ch->head];

		m->came = true;
		ranks_take(&m->ranks, &ch->base, op->from, op->bytes.data,
			   (size_t)op->len);
		ch->head = (ch->head + 1) % ch->nring;
		recv_post(m, op);
	}
}

static int test_some(struct net_mpi *m)
{
	int done = 0, rc;

	m->ranks.net.stats.polls++;
	rc = MPI_Testsome(m->nops, m->req, &done, m->index, m->status);
	if (done == MPI_UNDEFINED)
		return 0;
	for (int i = 0; i < done && !m->ranks.net.doomed; i++) {
		struct op *op = m->op[m->index[i]];
		bool ok = rc == MPI_SUCCESS ||
			  m->status[i].MPI_ERROR == MPI_SUCCESS;

		if (op)
			op_finished(m, op, ok, &m->status[i]);
	}
	return done;
}

static enum pace_found poll(void *arg)
{
	struct net_mpi *m = arg;
	struct rank_channel *ch;
	int done;

	net_enter(&m->ranks.net);
	m->ranks.polling = true;
	m->came = false;
	done = test_some(m);
	if (done > 0) {
		/* Channels are added at the head, removed below. */
		LIST_FOREACH(ch, &m->ranks.channels, link)
			channel_read(m, (struct mpi_channel *)ch);
	}
	if (ranks_push(&m->ranks))
		net_pace_soon(m->pace, ROOM_LOOK_US);
	ranks_check(&m->ranks);
	ops_compact(m);
	m->ranks.polling = false;
	if (!net_leave(&m->ranks.net))
		return PACE_STOP;
	return m->came ? PACE_CAME : done > 0 ? PACE_SENT : PACE_NOTHING;
}

static uint64_t quiet(void *arg)
{
	struct net_mpi *m = arg;
	uint64_t again = 0;

	net_enter(&m->ranks.net);
	if (ranks_check_conns(&m->ranks))
		again = SUSPECT_LOOK_US;
	return net_leave(&m->ranks.net) ? again : PACE_GONE;
}

static const struct pace_events pace_events = {.poll = poll, .quiet = quiet};

/* ---- joining ---- */

static void on_stuck(int signo)
{
	static const char text[] = "berthd: stuck in an MPI join whose other "
				   "side is gone; starting anew\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	_exit(n < 0 ? NET_EXIT_STUCK : NET_EXIT_STUCK);
}

static int join_failed(struct berth_error *err, const char *what, int rc)
{
	char text[MPI_MAX_ERROR_STRING];
	int len = 0;

	MPI_Error_string(rc, text, &len);
	return error_set(err, BERTH_EUNAVAIL, "%s: %.*s", what, len, text);
}

static int join(struct net *n, const char *port, bool accept,
		struct berth_error *err)
{
	struct net_mpi *m = (struct net_mpi *)n;
	struct mpi_channel *ch;
	MPI_Comm comm;
	int rc;

	signal(SIGALRM, on_stuck);
	alarm(NET_JOIN_STUCK_S);
	if (accept)
		rc = MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_SELF,
				     &comm);
	else
		rc = MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_SELF,
				      &comm);
	alarm(0);
	if (rc != MPI_SUCCESS)
		return join_failed(err, accept ? "MPI_Comm_accept"
					       : "MPI_Comm_connect", rc);
	ch = channel_create(m, comm, true);
	ranks_pair(&m->ranks, &ch->base, accept);
	net_pace_connected(m->pace);
	return 0;
}

static int mpi_open_port(struct net *n, char **port, struct berth_error *err)
{
	char name[MPI_MAX_PORT_NAME];
	int rc = MPI_Open_port(MPI_INFO_NULL, name);

	if (rc != MPI_SUCCESS)
		return join_failed(err, "MPI_Open_port", rc);
	*port = mem_strdup(name);
	return 0;
}

static int mpi_accept(struct net *n, const char *port, struct berth_error *err)
{
	return join(n, port, true, err);
}

static int mpi_connect(struct net *n, const char *node, const char *port,
		       struct berth_error *err)
{
	return join(n, port, false, err);
}

/* ---- start and end ---- */

static void mpi_start(struct net *n)
{
	struct net_mpi *m = (struct net_mpi *)n;

	net_pace_start(m->pace);
}

/* Frees what is ours; MPI itself stays up, there is no way back from it. */
static void mpi_destroy(struct net *n)
{
	struct net_mpi *m = (struct net_mpi *)n;
	struct rank_channel *ch;

	while ((ch = LIST_FIRST(&m->ranks.channels)) != NULL)
		carrier_close(&m->ranks, ch);
	net_pace_destroy(m->pace);
	for (int i = 0; i < m->nops; i++) {
		if (m->op[i] == NULL)
			continue;
		buf_init(&m->op[i]->bytes);
		free(m->op[i]);
	}
	free(m->req);
	free(m->op);
	free(m->index);
	free(m->status);
	ranks_finish(&m->ranks);
	free(m);
}

static const struct net_ops mpi_ops = {
	.start = mpi_start,
	.destroy = mpi_destroy,
	.send = ranks_send,
	.drop = ranks_drop,
	.open_port = mpi_open_port,
	.accept = mpi_accept,
	.connect = mpi_connect,
};

/* By way of rank 0, so that every other rank opens one connection and knows
 * whose it is. */
static int names_exchange(struct net_mpi *m, int self, char *names)
{
	struct mpi_channel *w = m->world;
	int size = w->base.size, bytes = size * NAME_ROOM, rc = MPI_SUCCESS;
	char *mine = names + (size_t)self * NAME_ROOM;

	snprintf(mine, NAME_ROOM, "%s", m->ranks.net.self);
	if (self > 0) {
		m->first_probe = conn_probe();
		rc = MPI_Send(mine, NAME_ROOM, MPI_BYTE, 0, TAG_NAMES, w->comm);
		if (rc == MPI_SUCCESS)
			rc = MPI_Recv(names, bytes, MPI_BYTE, 0, TAG_NAMES,
				      w->comm, MPI_STATUS_IGNORE);
		return rc;
	}
	for (int i = 1; i < size && rc == MPI_SUCCESS; i++)
		rc = MPI_Recv(names + (size_t)i * NAME_ROOM, NAME_ROOM,
			      MPI_BYTE, i, TAG_NAMES, w->comm,
			      MPI_STATUS_IGNORE);
	for (int i = 1; i < size && rc == MPI_SUCCESS; i++)
		rc = MPI_Send(names, bytes, MPI_BYTE, i, TAG_NAMES, w->comm);
	return rc;
}

static int founders_meet(struct net_mpi *m, struct berth_error *err)
{
	struct rank_channel *ch = &m->world->base;
	char *names = mem_array((size_t)ch->size, NAME_ROOM);
	int self, rc;

	MPI_Comm_rank(m->world->comm, &self);
	rc = names_exchange(m, self, names);
	if (rc != MPI_SUCCESS)
		rc = error_set(err, BERTH_ESYS,
			       "the ranks could not exchange their names");
	else
		rc = ranks_found(&m->ranks, ch, self, names, NAME_ROOM, err);
	free(names);
	if (rc == 0 && self > 0)
		ranks_connected(&m->ranks, ch->by_rank[0], m->first_probe);
	return rc;
}

struct net *net_mpi_create(struct loop *l, const char *node,
			   struct berth_error *err)
{
	struct net_mpi *m = mem_alloc(sizeof(*m));
	struct net *n = &m->ranks.net;
	const char *late = getenv("BERTH_LATE");

	ranks_init(&m->ranks, &mpi_ops, &carrier, l, node);
	n->founding = late == NULL || strcmp(late, "1") != 0;
	m->pace = net_pace_create(l, &pace_events, m, &n->stats.wakes, err);
	if (m->pace == NULL)
		goto fail;
	net_env_defaults(NET_JOIN_TIMEOUT_S);
	if (MPI_Init(NULL, NULL) != MPI_SUCCESS) {
		error_set(err, BERTH_ESYS, "MPI_Init failed");
		goto fail;
	}
	MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
	m->world = channel_create(m, MPI_COMM_WORLD, false);
	if (n->founding && founders_meet(m, err) < 0)
		goto fail;
	return n;
fail:
	mpi_destroy(n);
	return NULL;
}

void net_mpi_exit(struct net *n, int status)
{
	struct net_mpi *m = (struct net_mpi *)n;
	uint64_t deadline = loop_now_us() + EXIT_FLUSH_US;

	if (m == NULL)
		_exit(status);
	memset(&n->ev, 0, sizeof(n->ev)); /* nobody listens any more */
	m->ranks.polling = true;
	ranks_leave(&m->ranks);
	while (!ranks_drained(&m->ranks) && loop_now_us() < deadline) {
		if (test_some(m) == 0)
			usleep(100);
		ops_compact(m);
	}
	if (!m->ranks.unclean) {
		signal(SIGALRM, SIG_DFL);
		alarm(FINALIZE_MAX_S);
		MPI_Finalize();
	}
	_exit(status);
}
