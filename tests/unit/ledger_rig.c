#include "ledger_rig.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "unit.h"

void ledger_rig_init(struct ledger_rig *r, const struct topology_shape *shape,
		     unsigned nodes, const struct ledger_options *o)
{
	memset(r, 0, sizeof(*r));
	r->now = 1000000;
	rand_seed(&r->rand, 1);
	r->t = topology_create_regular(shape);
	r->l = ledger_create(o);
	for (unsigned i = 0; i < nodes; i++)
		ledger_rig_node(r, i, NULL, 0);
}

void ledger_rig_finish(struct ledger_rig *r)
{
	CU_ASSERT_EQUAL(ledger_check(r->l, &r->err), 0);
	ledger_destroy(r->l);
	topology_unref(r->t);
}

void ledger_rig_node(struct ledger_rig *r, unsigned i,
		     const struct label *label, size_t nlabels)
{
	char name[16];

	snprintf(name, sizeof(name), "n%u", i);
	CU_ASSERT_EQUAL(ledger_node_up(r->l, name, r->t, label, nlabels, true,
				       r->now, NULL),
			0);
}

void ledger_rig_frameworks(struct ledger_rig *r, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		char name[2] = {*letters, '\0'};

		CU_ASSERT_EQUAL(ledger_register(r->l, name, name, "s", 3000000,
						r->now, NULL),
				0);
	}
}

struct demand *ledger_rig_demand(const char *id, unsigned count)
{
	struct demand *d = demand_create(id);

	d->count = d->max = count;
	d->separate = true;
	return d;
}

void ledger_rig_state(struct ledger_rig *r, const char *framework,
		      struct demand *d)
{
	r->now++;
	CU_ASSERT_EQUAL(ledger_demand(r->l, framework, d, r->now, &r->err), 0);
	demand_destroy(d);
}

void ledger_rig_rounds(struct ledger_rig *r)
{
	int i = 0;

	while (ledger_round(r->l, r->now, &r->rand) == 1 && i++ < 1000)
		CU_ASSERT_EQUAL(ledger_check(r->l, &r->err), 0);
	CU_ASSERT(i < 1000);
	CU_ASSERT_EQUAL(ledger_check(r->l, &r->err), 0);
}

unsigned ledger_rig_take(struct ledger_rig *r, const char *framework,
			 void (*cb)(void *arg, const struct slice *s),
			 void *arg)
{
	const struct framework *f = ledger_framework(r->l, framework);
	unsigned units = 0;

	while (!TAILQ_EMPTY(&f->offers)) {
		const struct offer *o = TAILQ_FIRST(&f->offers);
		uint64_t ids[64];
		const struct slice *s;
		size_t n = 0;

		TAILQ_FOREACH (s, &o->slices, of_owner) {
			CU_ASSERT_FATAL(n < 64);
			ids[n++] = s->id;
			units += s->units;
			if (cb != NULL)
				cb(arg, s);
		}
		CU_ASSERT_EQUAL(ledger_accept(r->l, framework, o->id, ids, n,
					      r->now, &r->err),
				0);
	}
	return units;
}
