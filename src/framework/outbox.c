#include "framework/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"

struct pending {
	TAILQ_ENTRY(pending) link;
	char *text;
	size_t len;
};
TAILQ_HEAD(pending_list, pending);

struct outbox {
	struct pending_list queue, batch;
	size_t calls, bytes; /* of both */
	size_t batch_calls;
};

struct outbox *outbox_create(void)
{
	struct outbox *o = mem_alloc(sizeof(*o));

	TAILQ_INIT(&o->queue);
	TAILQ_INIT(&o->batch);
	return o;
}

static void drop(struct outbox *o, struct pending_list *list)
{
	while (!TAILQ_EMPTY(list)) {
		struct pending *p = TAILQ_FIRST(list);

		TAILQ_REMOVE(list, p, link);
		o->calls--;
		o->bytes -= p->len;
		free(p->text);
		free(p);
	}
}

void outbox_clear(struct outbox *o)
{
	drop(o, &o->batch);
	drop(o, &o->queue);
	o->batch_calls = 0;
}

void outbox_destroy(struct outbox *o)
{
	if (!o)
		return;
	outbox_clear(o);
	free(o);
}

int outbox_push(struct outbox *o, json_t *call, struct berth_error *err)
{
	struct pending *p;
	char *text;

	if (!call)
		return -1;
	text = json_dumps(call, JSON_COMPACT);
	json_decref(call);
	if (!text)
		return error_set(err, BERTH_EINPUT, "call can't be written");
	p = mem_alloc(sizeof(*p));
	p->text = text;
	p->len = strlen(text);
	if (o->calls >= OUTBOX_QUEUE_CALLS ||
	    o->bytes + p->len > OUTBOX_QUEUE_BYTES) {
		free(text);
		free(p);
		return error_set(err, BERTH_ELIMIT,
				 "%zu calls wait for the broker: no more",
				 o->calls);
	}
	o->calls++;
	o->bytes += p->len;
	TAILQ_INSERT_TAIL(&o->queue, p, link);
	return 0;
}

bool outbox_batch(struct outbox *o, struct buf *body)
{
	struct pending *p;

	if (o->batch_calls || TAILQ_EMPTY(&o->queue))
		return false;
	buf_clear(body);
	buf_puts(body, "{\"calls\":[");
	while (!TAILQ_EMPTY(&o->queue)) {
		p = TAILQ_FIRST(&o->queue);
		if (o->batch_calls &&
		    (o->batch_calls >= OUTBOX_BATCH_CALLS ||
		     body->len + p->len > OUTBOX_BATCH_BYTES))
			break;
		if (o->batch_calls++)
			buf_puts(body, ",");
		buf_add(body, p->text, p->len);
		TAILQ_REMOVE(&o->queue, p, link);
		TAILQ_INSERT_TAIL(&o->batch, p, link);
	}
	buf_puts(body, "]}");
	return true;
}

/* Tell of each call of the list that has a text in why (all of them when why
 * is NULL, then for the reason in text). */
static void tell(struct pending_list *list, const char **why, const char *text,
		 outbox_refused_f refused, void *arg)
{
	struct pending *p;
	size_t i = 0;

	TAILQ_FOREACH (p, list, link) {
		const char *reason = why ? why[i] : text;
		json_t *call;

		i++;
		if (!reason)
			continue;
		call = json_loadb(p->text, p->len, 0, NULL);
		refused(arg, call, reason);
		json_decref(call);
	}
}

/* The batch is over before anybody hears of it, so that a refusal's callback
 * may queue calls or clear the outbox. */
static void take_batch(struct outbox *o, struct pending_list *list)
{
	struct pending *p;

	TAILQ_INIT(list);
	TAILQ_CONCAT(list, &o->batch, link);
	o->batch_calls = 0;
	TAILQ_FOREACH (p, list, link) {
		o->calls--;
		o->bytes -= p->len;
	}
}

static void free_list(struct pending_list *list)
{
	while (!TAILQ_EMPTY(list)) {
		struct pending *p = TAILQ_FIRST(list);

		TAILQ_REMOVE(list, p, link);
		free(p->text);
		free(p);
	}
}

int outbox_answered(struct outbox *o, const char *body, size_t len,
		    outbox_refused_f refused, void *arg,
		    struct berth_error *err)
{
	size_t i, n = o->batch_calls;
	struct pending_list list;
	const char **why;
	json_t *answer, *item;

	answer = json_loadb(body, len, 0, NULL);
	if (!json_is_array(json_object_get(answer, "refused"))) {
		json_decref(answer);
		return error_set(err, BERTH_EPROTO,
				 "answer to calls is not {\"refused\": […]}");
	}
	why = mem_array(n + 1, sizeof(*why));
	json_array_foreach(json_object_get(answer, "refused"), i, item) {
		json_int_t at =
			json_integer_value(json_object_get(item, "index"));
		const char *text =
			json_string_value(json_object_get(item, "error"));

		if (at >= 0 && (size_t)at < n)
			why[at] = text ? text : "refused";
	}
	take_batch(o, &list);
	tell(&list, why, NULL, refused, arg);
	free_list(&list);
	free(why);
	json_decref(answer);
	return 0;
}

void outbox_all_refused(struct outbox *o, const char *text,
			outbox_refused_f refused, void *arg)
{
	struct pending_list list;

	take_batch(o, &list);
	tell(&list, NULL, text, refused, arg);
	free_list(&list);
}
