/* roster_keeper.c - see roster_keeper.h. */
#include "broker/roster_keeper.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Hellos come together at the start: one roster for all of them. */
enum { GATHER_US = 50 * 1000 };

struct launcher_at {
	char *node, *address;
	uint32_t index; /* given when it is told first, then kept */
	bool told;
};

struct roster_keeper {
	struct net *net;
	struct loop_timer *gather;
	char *berth;
	struct launcher_at *list;
	size_t count;
	uint32_t next_index;
};

/* Those that are new, by name: the same nodes get the same places again when
 * the ranks are started anew and their launchers run on. */
static int by_name(const void *a, const void *b)
{
	const struct launcher_at *x = a, *y = b;

	if (x->told != y->told)
		return x->told ? -1 : 1;
	if (x->told)
		return x->index < y->index ? -1 : 1;
	return strcmp(x->node, y->node);
}

static void number(struct roster_keeper *k)
{
	qsort(k->list, k->count, sizeof(k->list[0]), by_name);
	for (size_t i = 0; i < k->count; i++) {
		if (k->list[i].told)
			continue;
		k->list[i].told = true;
		k->list[i].index = k->next_index++;
	}
}

static void tell(struct roster_keeper *k, const char *node,
		 const Berth__Msg *msg)
{
	/* One that is just going hears it when it comes back. */
	(void)net_send(k->net, node, msg, NULL);
}

static void on_gathered(void *arg)
{
	struct roster_keeper *k = arg;
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Roster roster = BERTH__ROSTER__INIT;
	Berth__Member *members = mem_array(k->count, sizeof(members[0]));
	Berth__Member **list = mem_array(k->count, sizeof(list[0]));

	number(k);
	for (size_t i = 0; i < k->count; i++) {
		berth__member__init(&members[i]);
		members[i].node = k->list[i].node;
		members[i].address = k->list[i].address;
		members[i].index = k->list[i].index;
		list[i] = &members[i];
	}
	roster.berth = k->berth;
	/* Newer than what launchers know of earlier ranks. */
	roster.version = loop_wall_us();
	roster.n_members = k->count;
	roster.members = list;
	msg.body_case = BERTH__MSG__BODY_ROSTER;
	msg.roster = &roster;
	for (size_t i = 0; i < k->count; i++)
		tell(k, k->list[i].node, &msg);
	free(list);
	free(members);
}

struct roster_keeper *roster_keeper_create(struct loop *l, struct net *net,
					   const char *berth)
{
	struct roster_keeper *k = mem_alloc(sizeof(*k));

	k->net = net;
	k->berth = mem_strdup(berth);
	k->gather = loop_timer_create(l, on_gathered, k);
	return k;
}

void roster_keeper_destroy(struct roster_keeper *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->count; i++) {
		free(k->list[i].node);
		free(k->list[i].address);
	}
	free(k->list);
	loop_timer_destroy(k->gather);
	free(k->berth);
	free(k);
}

void roster_keeper_hello(struct roster_keeper *k,
			 const Berth__NodeHello *hello)
{
	struct launcher_at *at = NULL;

	if (hello->launcher[0] == '\0')
		return;
	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->list[i].node, hello->node) == 0)
			at = &k->list[i];
	}
	if (at == NULL) {
		k->list = mem_resize(k->list, k->count + 1,
				     sizeof(k->list[0]));
		at = &k->list[k->count++];
		memset(at, 0, sizeof(*at));
		at->node = mem_strdup(hello->node);
	}
	free(at->address);
	at->address = mem_strdup(hello->launcher);
	/* A rank that came back has a launcher that may know nobody. */
	loop_timer_start(k->gather, GATHER_US);
}
