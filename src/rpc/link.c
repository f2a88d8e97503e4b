/* link.c - see link.h. */
#include "rpc/link.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rand.h"
#include "io/stream.h"

#define NONCE 32
#define PROOF 32
#define HANDSHAKE_US 5000000
/* No peer that is still unknown has more to say than this. */
#define HANDSHAKE_MAX 4096

/* What has been heard: nothing → its Hello → (on TCP) its proof. */
enum state { WAIT_HELLO, WAIT_AUTH, UP, DOWN };

struct link {
	struct stream *stream;
	struct loop_timer *timer; /* of the handshake; then of a refusal */
	enum state state;
	bool tcp;
	bool paused;
	char *role, *node, *key, *berth;
	void *secret;
	size_t secret_len;
	uint8_t nonce[NONCE];
	Berth__Msg *hello; /* the peer's */
	struct buf kept;   /* frames sent before the handshake was done */
	struct link_events ev;
	void *arg;
	char why[512];
	int busy;
	bool destroyed;
};

/* ---- ends ---- */

static void release(struct link *l)
{
	if (--l->busy == 0 && l->destroyed)
		free(l);
}

/* Give up on the peer; the owner hears it once, from the loop. */
static void refuse(struct link *l, const char *why)
{
	if (l->state == DOWN)
		return;
	l->state = DOWN;
	snprintf(l->why, sizeof(l->why), "%s", why);
	buf_finish(&l->kept);
	stream_pause(l->stream, true);
	loop_timer_start(l->timer, 0);
}

static void on_timer(void *arg)
{
	struct link *l = arg;

	l->busy++;
	if (l->state == WAIT_HELLO || l->state == WAIT_AUTH) {
		l->state = DOWN;
		snprintf(l->why, sizeof(l->why),
			 "no handshake within %d s", HANDSHAKE_US / 1000000);
	}
	if (l->state == DOWN) {
		stream_destroy(l->stream);
		l->stream = NULL;
		l->ev.down(l->arg, l, l->why);
	}
	release(l);
}

static void on_closed(void *arg, const char *text)
{
	struct link *l = arg;

	if (l->state == WAIT_HELLO || l->state == WAIT_AUTH) {
		char why[256];

		snprintf(why, sizeof(why), "%s during the handshake", text);
		refuse(l, why);
	} else {
		refuse(l, text);
	}
}

/* ---- handshake ---- */

/* HMAC-SHA256(secret, "berth-link-1" 0 role 0 node 0 own-nonce peer-nonce),
 * seen from the side whose role and node these are. */
static int make_proof(const struct link *l, const char *role, const char *node,
		      const uint8_t *own, const uint8_t *peer,
		      uint8_t out[PROOF])
{
	static const char label[] = "berth-link-1";
	unsigned len = 0;
	struct buf text;
	void *done;

	buf_init(&text);
	buf_add(&text, label, sizeof(label));
	buf_add(&text, role, strlen(role) + 1);
	buf_add(&text, node, strlen(node) + 1);
	buf_add(&text, own, NONCE);
	buf_add(&text, peer, NONCE);
	done = HMAC(EVP_sha256(), l->secret, (int)l->secret_len,
		    (const uint8_t *)text.data, text.len, out, &len);
	buf_finish(&text);
	return done && len == PROOF ? 0 : -1;
}

/* Around the queue of what waits for the handshake. */
static void send_now(struct link *l, const Berth__Msg *msg)
{
	struct buf out;

	buf_init(&out);
	if (frame_encode(&out, msg, NULL) == 0)
		stream_write(l->stream, out.data, out.len);
	buf_finish(&out);
}

static void send_hello(struct link *l)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Hello hello = BERTH__HELLO__INIT;

	hello.role = l->role;
	hello.node = l->node;
	hello.key = l->key;
	hello.berth = l->berth;
	hello.pid = (uint32_t)getpid();
	if (l->tcp) {
		rand_secret(l->nonce, NONCE);
		hello.nonce.data = l->nonce;
		hello.nonce.len = NONCE;
	}
	msg.body_case = BERTH__MSG__BODY_HELLO;
	msg.hello = &hello;
	send_now(l, &msg);
}

static void send_auth(struct link *l)
{
	const Berth__Hello *peer = l->hello->hello;
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Auth auth = BERTH__AUTH__INIT;
	uint8_t proof[PROOF];

	if (make_proof(l, l->role, l->node, l->nonce, peer->nonce.data,
		       proof) != 0) {
		refuse(l, "cannot compute an HMAC");
		return;
	}
	auth.proof.data = proof;
	auth.proof.len = PROOF;
	msg.body_case = BERTH__MSG__BODY_AUTH;
	msg.auth = &auth;
	send_now(l, &msg);
}

static void come_up(struct link *l)
{
	l->state = UP;
	loop_timer_stop(l->timer);
	stream_write(l->stream, l->kept.data, l->kept.len);
	buf_finish(&l->kept);
	l->ev.up(l->arg, l);
}

/* The same user or root, says the kernel; NULL when so. */
static const char *check_credentials(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return "no credentials of the peer from the kernel";
	if (cred.uid != 0 && cred.uid != geteuid())
		return "the peer is another user";
	return NULL;
}

/* Takes msg over. */
static void on_hello(struct link *l, Berth__Msg *msg)
{
	const Berth__Hello *h = msg->hello;
	char why[300];

	if (msg->body_case != BERTH__MSG__BODY_HELLO) {
		snprintf(why, sizeof(why), "the peer said %s instead of hello",
			 msg_name(msg));
		refuse(l, why);
	} else if (strcmp(h->berth, l->berth) != 0) {
		snprintf(why, sizeof(why),
			 "the peer (%.64s on %.64s) is of Berth '%.64s', this "
			 "is '%.64s'",
			 h->role, h->node, h->berth, l->berth);
		refuse(l, why);
	} else if (l->tcp && h->nonce.len != NONCE) {
		refuse(l, "the peer's hello has no nonce");
	} else if (l->tcp && memcmp(h->nonce.data, l->nonce, NONCE) == 0) {
		refuse(l, "the peer sends our own nonce back");
	} else {
		l->hello = msg;
		if (l->tcp) {
			l->state = WAIT_AUTH;
			send_auth(l);
		} else {
			come_up(l);
		}
		return;
	}
	msg_free(msg);
}

static void on_auth(struct link *l, const Berth__Msg *msg)
{
	const Berth__Hello *h = l->hello->hello;
	uint8_t want[PROOF];
	char why[200];

	if (msg->body_case == BERTH__MSG__BODY_AUTH &&
	    msg->auth->proof.len == PROOF &&
	    make_proof(l, h->role, h->node, h->nonce.data, l->nonce, want) ==
		    0 &&
	    CRYPTO_memcmp(want, msg->auth->proof.data, PROOF) == 0) {
		come_up(l);
		return;
	}
	snprintf(why, sizeof(why),
		 "the peer (%.64s on %.64s) does not know this Berth's secret",
		 h->role, h->node);
	refuse(l, why);
}

/* ---- messages ---- */

static void on_message(struct link *l, Berth__Msg *msg)
{
	if (l->state == WAIT_HELLO) {
		on_hello(l, msg);
		return;
	}
	if (l->state == WAIT_AUTH)
		on_auth(l, msg);
	else if (l->state == UP)
		l->ev.message(l->arg, l, msg);
	msg_free(msg);
}

static size_t on_data(void *arg, const char *data, size_t len)
{
	struct link *l = arg;
	size_t used = 0;

	l->busy++;
	while (used < len && !l->destroyed && l->state != DOWN && !l->paused) {
		Berth__Msg *msg = NULL;
		size_t need = 0;
		struct berth_error err;
		long n = frame_decode(data + used, len - used, &msg, &need,
				      &err);

		if (l->state != UP && need > HANDSHAKE_MAX) {
			msg_free(msg);
			refuse(l, "too long a message in the handshake");
			break;
		}
		if (n < 0)
			refuse(l, err.text);
		if (n <= 0)
			break;
		used += (size_t)n;
		on_message(l, msg);
	}
	release(l);
	return used;
}

/* ---- for the owner ---- */

struct link *link_create(struct loop *loop, int fd, bool tcp,
			 const struct link_self *self,
			 const struct link_events *ev, void *arg)
{
	static const struct stream_events stream_ev = {
		.data = on_data,
		.closed = on_closed,
	};
	struct link *l = mem_alloc(sizeof(*l));
	const char *bad = tcp ? NULL : check_credentials(fd);

	l->tcp = tcp;
	l->role = mem_strdup(self->role ? self->role : "");
	l->node = mem_strdup(self->node ? self->node : "");
	l->key = mem_strdup(self->key ? self->key : "");
	l->berth = mem_strdup(self->berth ? self->berth : "");
	l->secret = mem_dup(self->secret, self->secret_len);
	l->secret_len = self->secret_len;
	l->ev = *ev;
	l->arg = arg;
	buf_init(&l->kept);
	l->stream = stream_create(loop, fd, &stream_ev, l);
	l->timer = loop_timer_create(loop, on_timer, l);
	loop_timer_start(l->timer, HANDSHAKE_US);
	if (bad == NULL && tcp && self->secret_len == 0)
		bad = "no secret to prove ourselves with";
	if (bad)
		refuse(l, bad);
	else
		send_hello(l);
	return l;
}

/* All but the stream and the struct. */
static void give_up_parts(struct link *l)
{
	loop_timer_destroy(l->timer);
	buf_finish(&l->kept);
	msg_free(l->hello);
	OPENSSL_cleanse(l->secret, l->secret_len);
	free(l->secret);
	free(l->role);
	free(l->node);
	free(l->key);
	free(l->berth);
	l->destroyed = true;
	l->state = DOWN;
	if (l->busy == 0)
		free(l);
}

void link_destroy(struct link *l)
{
	if (l == NULL || l->destroyed)
		return;
	stream_destroy(l->stream);
	give_up_parts(l);
}

void link_finish(struct link *l)
{
	if (l == NULL || l->destroyed)
		return;
	if (l->state == UP)
		stream_finish(l->stream);
	else
		stream_destroy(l->stream);
	give_up_parts(l);
}

bool link_is_up(const struct link *l)
{
	return l->state == UP;
}

const Berth__Hello *link_peer(const struct link *l)
{
	return l->hello ? l->hello->hello : NULL;
}

int link_send(struct link *l, const Berth__Msg *msg, struct berth_error *err)
{
	struct buf out;
	int rc;

	if (l->state == WAIT_HELLO || l->state == WAIT_AUTH)
		return frame_encode(&l->kept, msg, err);
	buf_init(&out);
	rc = frame_encode(&out, msg, err);
	if (rc == 0 && l->state == UP)
		stream_write(l->stream, out.data, out.len);
	buf_finish(&out);
	return rc;
}

size_t link_queued(const struct link *l)
{
	return l->kept.len + (l->stream ? stream_queued(l->stream) : 0);
}

void link_pause(struct link *l, bool paused)
{
	l->paused = paused;
	if (l->stream && l->state != DOWN)
		stream_pause(l->stream, paused);
}
