/* net_queue.c - see net_queue.h. */
#include "broker/net_queue.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	KIND_FRAMES = 'F',
	KIND_CONTROL = 'C',
	KIND_PIECE = 'P',
	CONTROL_HEADER = 10, /* with the transfer's first byte */
	CONTROL_TEXT_MAX = 255,
	LARGE_MAX = FRAME_MAX + FRAME_HEADER,
};

static void put_u64(unsigned char *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static uint64_t get_u64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static void add_kind(struct buf *out, char kind)
{
	buf_add(out, &kind, 1);
}

void net_control(struct buf *out, enum net_control kind, uint64_t value,
		 const char *text)
{
	unsigned char head[CONTROL_HEADER] = {KIND_CONTROL,
					      (unsigned char)kind};

	put_u64(head + 2, value);
	buf_add(out, head, sizeof(head));
	buf_puts(out, text);
}

bool net_is_control(const void *data, size_t len)
{
	return len > 0 && *(const char *)data == KIND_CONTROL;
}

/* ---- out ---- */

void net_out_init(struct net_out *q)
{
	STAILQ_INIT(&q->items);
	STAILQ_INIT(&q->urgent);
	q->bytes = 0;
	q->announced = false;
	q->at = 0;
}

static void item_free(struct net_out_item *it)
{
	buf_finish(&it->bytes);
	free(it);
}

void net_out_finish(struct net_out *q)
{
	STAILQ_CONCAT(&q->items, &q->urgent);
	while (!STAILQ_EMPTY(&q->items)) {
		struct net_out_item *it = STAILQ_FIRST(&q->items);

		STAILQ_REMOVE_HEAD(&q->items, link);
		item_free(it);
	}
	net_out_init(q);
}

static struct net_out_item *item_create(void)
{
	struct net_out_item *it = mem_alloc(sizeof(*it));

	buf_init(&it->bytes);
	return it;
}

static void out_add(struct net_out *q, struct net_out_item *it)
{
	STAILQ_INSERT_TAIL(&q->items, it, link);
	q->bytes += it->bytes.len;
}

int net_out_message(struct net_out *q, const Berth__Msg *msg, size_t *size,
		    struct berth_error *err)
{
	struct net_out_item *it = item_create();

	add_kind(&it->bytes, KIND_FRAMES);
	if (frame_encode(&it->bytes, msg, err) < 0) {
		item_free(it);
		return -1;
	}
	if (q->bytes + it->bytes.len > NET_QUEUE_MAX) {
		item_free(it);
		return error_set(err, BERTH_ELIMIT,
				 "more than %u MiB wait to be sent",
				 NET_QUEUE_MAX >> 20);
	}
	*size = it->bytes.len;
	out_add(q, it);
	return 0;
}

void net_out_control(struct net_out *q, enum net_control kind, uint64_t value,
		     const char *text, bool urgent)
{
	struct net_out_item *it = item_create();

	net_control(&it->bytes, kind, value, text);
	if (!urgent) {
		out_add(q, it);
		return;
	}
	STAILQ_INSERT_TAIL(&q->urgent, it, link);
	q->bytes += it->bytes.len;
}

/* May the item share an eager transfer with others? */
static bool item_joins(const struct net_out_item *it)
{
	return it->bytes.len <= NET_EAGER_MAX &&
	       !net_is_control(it->bytes.data, it->bytes.len);
}

/* Move an item's bytes to out, without a copy if it can be. */
static void out_take(struct net_out *q, struct net_out_item *it,
		     struct buf *out)
{
	q->bytes -= it->bytes.len;
	if (out->len == 0) {
		buf_finish(out);
		*out = it->bytes;
		buf_init(&it->bytes);
	} else {
		buf_add(out, it->bytes.data + 1, it->bytes.len - 1);
	}
	item_free(it);
}

static void out_take_first(struct net_out *q, struct buf *out)
{
	struct net_out_item *it = STAILQ_FIRST(&q->items);

	STAILQ_REMOVE_HEAD(&q->items, link);
	out_take(q, it, out);
}

/* The first item is large: its announcement, or the next piece of it. */
static void out_piece(struct net_out *q, struct buf *out)
{
	struct net_out_item *it = STAILQ_FIRST(&q->items);
	size_t n;

	if (!q->announced) {
		net_control(out, NET_LARGE, it->bytes.len - 1, "");
		q->announced = true;
		q->at = 1;
		return;
	}
	n = it->bytes.len - q->at;
	if (n > NET_EAGER_MAX - 1)
		n = NET_EAGER_MAX - 1;
	add_kind(out, KIND_PIECE);
	buf_add(out, it->bytes.data + q->at, n);
	q->at += n;
	if (q->at < it->bytes.len)
		return;
	q->announced = false;
	STAILQ_REMOVE_HEAD(&q->items, link);
	q->bytes -= it->bytes.len;
	item_free(it);
}

bool net_out_next(struct net_out *q, struct buf *out)
{
	struct net_out_item *it = STAILQ_FIRST(&q->urgent);

	if (it) {
		STAILQ_REMOVE_HEAD(&q->urgent, link);
		out_take(q, it, out);
		return true;
	}
	it = STAILQ_FIRST(&q->items);
	if (it == NULL)
		return false;
	if (it->bytes.len > NET_EAGER_MAX) {
		out_piece(q, out);
		return true;
	}
	if (!item_joins(it)) {
		out_take_first(q, out);
		return true;
	}
	while (it && item_joins(it) &&
	       out->len + it->bytes.len <= NET_EAGER_MAX) {
		out_take_first(q, out);
		it = STAILQ_FIRST(&q->items);
	}
	return true;
}

size_t net_out_size(const struct net_out *q)
{
	return q->bytes < NET_EAGER_MAX ? q->bytes : NET_EAGER_MAX;
}

/* ---- in ---- */

void net_in_init(struct net_in *q)
{
	buf_init(&q->large);
	q->want = 0;
}

void net_in_finish(struct net_in *q)
{
	buf_finish(&q->large);
	q->want = 0;
}

static int in_frames(const char *data, size_t len,
		     const struct net_in_events *ev, void *arg,
		     struct berth_error *err)
{
	while (len > 0) {
		Berth__Msg *msg = NULL;
		long took = frame_decode(data, len, &msg, NULL, err);
		bool on;

		if (took < 0)
			return -1;
		if (took == 0)
			return error_set(err, BERTH_EPROTO,
					 "the frame is cut short");
		on = ev->message(arg, msg);
		msg_free(msg);
		if (!on)
			return 0;
		data += took;
		len -= (size_t)took;
	}
	return 1;
}

static int in_control(struct net_in *q, const unsigned char *data, size_t len,
		      const struct net_in_events *ev, void *arg,
		      struct berth_error *err)
{
	char text[CONTROL_TEXT_MAX + 1];
	uint64_t value;
	unsigned kind;

	if (len < CONTROL_HEADER || len - CONTROL_HEADER > CONTROL_TEXT_MAX)
		return error_set(err, BERTH_EPROTO,
				 "a control record of %zu bytes", len);
	kind = data[1];
	value = get_u64(data + 2);
	memcpy(text, data + CONTROL_HEADER, len - CONTROL_HEADER);
	text[len - CONTROL_HEADER] = '\0';
	if (kind < NET_HELLO || kind > NET_SOCKET)
		return error_set(err, BERTH_EPROTO,
				 "a control record of kind %u", kind);
	if (kind != NET_LARGE)
		return ev->control(arg, (enum net_control)kind, value, text)
			       ? 1
			       : 0;
	if (q->want > 0 || value == 0 || value > LARGE_MAX)
		return error_set(err, BERTH_EPROTO,
				 "a large frame of %llu bytes",
				 (unsigned long long)value);
	q->want = value;
	return 1;
}

/* A piece of the large frame that is under way. */
static int in_piece(struct net_in *q, const void *data, size_t len,
		    const struct net_in_events *ev, void *arg,
		    struct berth_error *err)
{
	struct buf whole;
	int rc;

	if (len > q->want - q->large.len)
		return error_set(err, BERTH_EPROTO,
				 "more of a large frame than was announced");
	buf_add(&q->large, data, len);
	if (q->large.len < q->want)
		return 1;
	/* q may be gone when the handler returns. */
	whole = q->large;
	net_in_init(q);
	rc = in_frames(whole.data, whole.len, ev, arg, err);
	buf_finish(&whole);
	return rc;
}

int net_in_take(struct net_in *q, const void *data, size_t len,
		const struct net_in_events *ev, void *arg,
		struct berth_error *err)
{
	const char *bytes = data;

	switch (len > 0 ? bytes[0] : '\0') {
	case KIND_CONTROL:
		return in_control(q, data, len, ev, arg, err);
	case KIND_PIECE:
		return in_piece(q, bytes + 1, len - 1, ev, arg, err);
	case KIND_FRAMES:
		if (q->want == 0)
			return in_frames(bytes + 1, len - 1, ev, arg, err);
		return error_set(err, BERTH_EPROTO,
				 "frames in the middle of a large one");
	default:
		return error_set(err, BERTH_EPROTO,
				 "a transfer of %zu bytes of an unknown kind",
				 len);
	}
}
