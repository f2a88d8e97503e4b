#include "broker/doors.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* Hellos come together when a leader is new: one word for all of them. */
enum { GATHER_US = 20 * 1000 };

struct door {
	char *node, *uri;
};

struct doors {
	struct net *net;
	struct loop_timer *gather;
	struct door *list; /* by name */
	size_t count;
	char *text;
};

static int by_name(const void *a, const void *b)
{
	const struct door *x = a, *y = b;

	return strcmp(x->node, y->node);
}

static void tell(void *arg)
{
	struct doors *d = arg;
	Berth__Contact contact = BERTH__CONTACT__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Door *door = mem_array(d->count, sizeof(*door));
	Berth__Door **list = mem_array(d->count, sizeof(*list));

	contact.leader = (char *)net_self(d->net);
	for (size_t i = 0; i < d->count; i++) {
		berth__door__init(&door[i]);
		door[i].node = d->list[i].node;
		door[i].uri = d->list[i].uri;
		list[i] = &door[i];
		if (strcmp(d->list[i].node, contact.leader) == 0)
			contact.leader_uri = d->list[i].uri;
	}
	contact.n_doors = d->count;
	contact.doors = list;
	msg.body_case = BERTH__MSG__BODY_CONTACT;
	msg.contact = &contact;
	/* One that is just going hears it when it says hello again. */
	for (size_t i = 0; i < d->count; i++)
		(void)net_send(d->net, d->list[i].node, &msg, NULL);
	free(list);
	free(door);
}

static void put(struct doors *d, const char *node, const char *uri)
{
	struct door *at = NULL;

	for (size_t i = 0; i < d->count; i++) {
		if (strcmp(d->list[i].node, node) == 0)
			at = &d->list[i];
	}
	if (at != NULL) {
		free(at->uri);
		at->uri = mem_strdup(uri);
	} else {
		d->list = mem_resize(d->list, d->count + 1,
				     sizeof(d->list[0]));
		d->list[d->count++] = (struct door){mem_strdup(node),
						    mem_strdup(uri)};
		qsort(d->list, d->count, sizeof(d->list[0]), by_name);
	}
	loop_timer_start(d->gather, GATHER_US);
}

void doors_hello(struct doors *d, const Berth__NodeHello *hello)
{
	if (hello->uri[0] != '\0')
		put(d, hello->node, hello->uri);
}

const char *doors_text(struct doors *d)
{
	const char *self = net_self(d->net);
	struct buf text;

	buf_init(&text);
	for (int own = 1; own >= 0; own--) {
		for (size_t i = 0; i < d->count; i++) {
			if ((strcmp(d->list[i].node, self) == 0) != own)
				continue;
			buf_printf(&text, "%s%s", text.len > 0 ? " " : "",
				   d->list[i].uri);
		}
	}
	free(d->text);
	d->text = buf_take(&text);
	return d->text;
}

struct doors *doors_create(struct loop *loop, struct net *net,
			   const char *uri)
{
	struct doors *d = mem_alloc(sizeof(*d));

	d->net = net;
	d->gather = loop_timer_create(loop, tell, d);
	put(d, net_self(net), uri);
	loop_timer_start(d->gather, 0);
	return d;
}

void doors_destroy(struct doors *d)
{
	if (d == NULL)
		return;
	loop_timer_destroy(d->gather);
	for (size_t i = 0; i < d->count; i++) {
		free(d->list[i].node);
		free(d->list[i].uri);
	}
	free(d->list);
	free(d->text);
	free(d);
}
