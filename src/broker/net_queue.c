/* net_queue.c - see net_queue.h. */
#include "broker/net_queue.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CONTROL_MAGIC 0x424e4554u /* "BNET" */
#define CONTROL_HEADER 16
#define CONTROL_TEXT_MAX 255

static void put_u32(unsigned char *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static void put_u64(unsigned char *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

static uint32_t get_u32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static uint64_t get_u64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static void control_encode(struct buf *out, enum net_control kind,
			   uint64_t value, const char *text)
{
	unsigned char head[CONTROL_HEADER];

	put_u32(head, CONTROL_MAGIC);
	put_u32(head + 4, kind);
	put_u64(head + 8, value);
	buf_add(out, head, sizeof(head));
	buf_puts(out, text);
}

bool net_is_control(const void *data, size_t len)
{
	return len >= 4 && get_u32(data) == CONTROL_MAGIC;
}

/* ---- out ---- */

void net_out_init(struct net_out *q)
{
	STAILQ_INIT(&q->items);
	q->bytes = 0;
	q->announced = false;
}

static void item_free(struct net_out_item *it)
{
	buf_finish(&it->bytes);
	free(it);
}

void net_out_finish(struct net_out *q)
{
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
		     const char *text)
{
	struct net_out_item *it = item_create();

	control_encode(&it->bytes, kind, value, text);
	out_add(q, it);
}

/* May the item share an eager transfer with others? */
static bool item_joins(const struct net_out_item *it)
{
	return it->bytes.len <= NET_EAGER_MAX &&
	       !net_is_control(it->bytes.data, it->bytes.len);
}

/* Move the first item's bytes to out, without a copy. */
static void out_take(struct net_out *q, struct buf *out)
{
	struct net_out_item *it = STAILQ_FIRST(&q->items);

	STAILQ_REMOVE_HEAD(&q->items, link);
	q->bytes -= it->bytes.len;
	if (out->len == 0) {
		buf_finish(out);
		*out = it->bytes;
		buf_init(&it->bytes);
	} else {
		buf_add(out, it->bytes.data, it->bytes.len);
	}
	item_free(it);
}

bool net_out_next(struct net_out *q, struct buf *out, bool *bulk)
{
	struct net_out_item *it = STAILQ_FIRST(&q->items);

	*bulk = false;
	if (it == NULL)
		return false;
	if (it->bytes.len > NET_EAGER_MAX) {
		if (!q->announced) {
			control_encode(out, NET_BULK, it->bytes.len, "");
			q->announced = true;
			return true;
		}
		q->announced = false;
		*bulk = true;
		out_take(q, out);
		return true;
	}
	if (!item_joins(it)) {
		out_take(q, out);
		return true;
	}
	while (it && item_joins(it) &&
	       out->len + it->bytes.len <= NET_EAGER_MAX) {
		out_take(q, out);
		it = STAILQ_FIRST(&q->items);
	}
	return true;
}

/* ---- in ---- */

void net_in_init(struct net_in *q)
{
	STAILQ_INIT(&q->held);
	q->bulk = false;
}

void net_in_finish(struct net_in *q)
{
	while (!STAILQ_EMPTY(&q->held)) {
		struct net_out_item *it = STAILQ_FIRST(&q->held);

		STAILQ_REMOVE_HEAD(&q->held, link);
		item_free(it);
	}
	q->bulk = false;
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
	uint32_t kind;

	if (len < CONTROL_HEADER || len - CONTROL_HEADER > CONTROL_TEXT_MAX)
		return error_set(err, BERTH_EPROTO,
				 "a control record of %zu bytes", len);
	kind = get_u32(data + 4);
	value = get_u64(data + 8);
	memcpy(text, data + CONTROL_HEADER, len - CONTROL_HEADER);
	text[len - CONTROL_HEADER] = '\0';
	if (kind < NET_HELLO || kind > NET_LEAVE)
		return error_set(err, BERTH_EPROTO,
				 "a control record of kind %u", kind);
	if (kind == NET_BULK) {
		if (value <= NET_EAGER_MAX ||
		    value > (uint64_t)FRAME_MAX + FRAME_HEADER)
			return error_set(err, BERTH_EPROTO,
					 "a transfer of %llu bytes",
					 (unsigned long long)value);
		q->bulk = true;
	}
	return ev->control(arg, (enum net_control)kind, value, text) ? 1 : 0;
}

int net_in_eager(struct net_in *q, const void *data, size_t len,
		 const struct net_in_events *ev, void *arg,
		 struct berth_error *err)
{
	struct net_out_item *it;

	if (!q->bulk) {
		if (net_is_control(data, len))
			return in_control(q, data, len, ev, arg, err);
		return in_frames(data, len, ev, arg, err);
	}
	/* The sender waits until its bulk is through, so little comes here:
	 * what overtook the end of it on another connection. */
	it = item_create();
	buf_add(&it->bytes, data, len);
	STAILQ_INSERT_TAIL(&q->held, it, link);
	return 1;
}

int net_in_bulk(struct net_in *q, const void *data, size_t len,
		const struct net_in_events *ev, void *arg,
		struct berth_error *err)
{
	int rc;

	q->bulk = false;
	rc = in_frames(data, len, ev, arg, err);
	while (rc == 1 && !q->bulk && !STAILQ_EMPTY(&q->held)) {
		struct net_out_item *it = STAILQ_FIRST(&q->held);

		STAILQ_REMOVE_HEAD(&q->held, link);
		rc = net_in_eager(q, it->bytes.data, it->bytes.len, ev, arg,
				  err);
		item_free(it);
	}
	return rc;
}
