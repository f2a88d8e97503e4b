/* apply_framework.c - frameworks, their demands and filters. */
#include "ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- filters ---- */

static void end_filter(struct ledger *l, struct filter *f)
{
	heap_remove(&l->due, &f->due);
	free(f);
}

static void clear_filters(struct ledger *l, struct demand *d)
{
	size_t pos = 0;
	struct filter *f = idmap_next(&d->filters, &pos);

	for (; f != NULL; f = idmap_next(&d->filters, &pos))
		end_filter(l, f);
	idmap_finish(&d->filters);
	if (d->blocked != NULL)
		end_filter(l, d->blocked);
	d->blocked = NULL;
}

void apply_filter(struct ledger *l, struct demand *d, struct node *n,
		  uint64_t until_us)
{
	struct filter *f = d->blocked;

	if (n != NULL)
		f = idmap_get(&d->filters, n->id);
	if (f == NULL) {
		f = mem_alloc(sizeof(*f));
		f->demand = d;
		f->node = n;
		f->due.kind = DUE_FILTER;
		if (n != NULL)
			idmap_put(&d->filters, n->id, f);
		else
			d->blocked = f;
	}
	if (until_us > f->until_us) {
		f->until_us = until_us;
		heap_put(&l->due, &f->due, until_us);
	}
}

int apply_filter_expired(struct ledger *l, const struct event *ev,
			 struct berth_error *err)
{
	struct demand *d = state_demand(l, ev->demand.framework,
					ev->demand.demand, err);
	struct node *n = NULL;
	struct filter *f;

	if (d == NULL)
		return -1;
	if (ev->demand.node != NULL) {
		n = state_node(l, ev->demand.node, err);
		if (n == NULL)
			return -1;
	}
	f = n != NULL ? idmap_get(&d->filters, n->id) : d->blocked;
	if (f == NULL)
		return error_set(err, BERTH_ENOTFOUND,
				 "demand %s: no such filter", d->id);
	if (n != NULL)
		idmap_remove(&d->filters, n->id);
	else
		d->blocked = NULL;
	end_filter(l, f);
	state_refresh(l, d);
	state_dirty_demand(l, d);
	return 0;
}

/* ---- demands ---- */

/* In its place among the framework's, which is mostly the last. */
static void link_demand(struct framework *f, struct demand *d)
{
	struct demand *before = TAILQ_LAST(&f->demands, demand_list);

	while (before != NULL &&
	       (before->priority < d->priority ||
		(before->priority == d->priority && before->seq > d->seq)))
		before = TAILQ_PREV(before, demand_list, of_framework);
	if (before != NULL)
		TAILQ_INSERT_AFTER(&f->demands, before, d, of_framework);
	else
		TAILQ_INSERT_HEAD(&f->demands, d, of_framework);
	f->ndemands++;
}

/* Take d out of all tables; offers for it are left with `heir`. */
static void unlink_demand(struct ledger *l, struct demand *d,
			  struct demand *heir)
{
	struct framework *f = d->framework;
	struct offer *o;

	/* Without its framework's wish it is not active. */
	d->max = 0;
	state_refresh(l, d);
	state_clean_demand(l, d);
	clear_filters(l, d);
	prefer_end(l, d);
	TAILQ_FOREACH(o, &f->offers, of_framework) {
		if (o->demand == d)
			o->demand = heir;
	}
	TAILQ_REMOVE(&f->demands, d, of_framework);
	f->ndemands--;
	map_remove(f->by_id, d->id);
	l->dead_demand = d;
}

void apply_end_demand(struct ledger *l, struct demand *d)
{
	state_orphan(l, d);
	unlink_demand(l, d, NULL);
}

static struct map *name_set(char *const *names)
{
	struct map *set;

	if (names == NULL || names[0] == NULL)
		return NULL;
	set = map_create();
	for (; *names != NULL; names++)
		map_put(set, *names, set);
	return set;
}

int apply_demand_set(struct ledger *l, const struct event *ev,
		     struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->demand_set.framework, err);
	struct demand *d, *old;

	if (f == NULL)
		return -1;
	if (f->gone)
		return error_set(err, BERTH_ECONFLICT,
				 "framework %s is gone", f->name);
	d = demand_copy(ev->demand_set.demand);
	if (demand_check(d, err) != 0) {
		demand_destroy(d);
		return -1;
	}
	if (d->max == 0) {
		demand_destroy(d);
		return error_set(err, BERTH_EINPUT,
				 "demand %s: count 0 withdraws it",
				 ev->demand_set.demand->id);
	}
	old = map_get(f->by_id, d->id);
	d->framework = f;
	d->charged = f->role;
	if (d->role != NULL && *d->role != '\0')
		d->charged = state_role(l, d->role);
	d->named = name_set(d->nodes);
	d->excluded = name_set(d->exclude);
	prefer_resolve(l, d);
	d->stamp = l->next_seq++;
	if (old != NULL) {
		d->seq = old->seq;
		d->waits_us = old->waits_us;
		d->called = old->called;
		d->awaits = old->awaits;
		d->offered = old->offered;
		prefer_inherit(l, d, old);
		unlink_demand(l, old, d);
	} else {
		d->seq = d->stamp;
	}
	map_put(f->by_id, d->id, d);
	link_demand(f, d);
	state_refresh(l, d);
	state_dirty_demand(l, d);
	return 0;
}

int apply_demand_withdrawn(struct ledger *l, const struct event *ev,
			   struct berth_error *err)
{
	struct demand *d = state_demand(l, ev->demand.framework,
					ev->demand.demand, err);

	if (d == NULL)
		return -1;
	if (d->offered > 0)
		return error_set(err, BERTH_ECONFLICT,
				 "demand %s: offers for it are open", d->id);
	apply_end_demand(l, d);
	return 0;
}

/* ---- frameworks ---- */

/* All demands may want offers now, or none does. */
static void refresh_all(struct ledger *l, struct framework *f)
{
	struct demand *d;

	TAILQ_FOREACH(d, &f->demands, of_framework) {
		state_refresh(l, d);
		if (d->active)
			state_dirty_demand(l, d);
	}
}

int apply_registered(struct ledger *l, const struct event *ev,
		     struct berth_error *err)
{
	const char *name = ev->registered.framework;
	struct framework *f = map_get(l->frameworks, name);
	struct role *role;

	if (f != NULL && (f->noffers > 0 || f->ndemands > 0))
		return error_set(err, BERTH_ECONFLICT,
				 "framework %s: its old demands and offers "
				 "have to go first", name);
	role = state_role(l, ev->registered.role);
	if (f == NULL) {
		f = framework_create(name, role);
		f->id = l->next_framework++;
		f->due.kind = DUE_FRAMEWORK;
		map_put(l->frameworks, name, f);
	}
	free(f->session);
	f->session = mem_strdup(ev->registered.session);
	state_ask(l, f, NULL);
	f->role = role;
	f->failover_us = ev->registered.failover_us;
	f->react_us = ev->registered.react_us;
	f->registered_us = ev->at_us;
	f->connected = true;
	f->suppressed = false;
	if (f->gone)
		l->ngone--;
	f->gone = false;
	heap_remove(&l->due, &f->due);
	return 0;
}

int apply_away(struct ledger *l, const struct event *ev,
	       struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->framework.framework, err);

	if (f == NULL)
		return -1;
	if (!f->connected)
		return error_set(err, BERTH_ECONFLICT,
				 "framework %s is away already", f->name);
	if (f->noffers > 0)
		return error_set(err, BERTH_ECONFLICT,
				 "framework %s: offers to it are open",
				 f->name);
	f->connected = false;
	state_ask(l, f, NULL);
	f->gone_at_us = ev->at_us + f->failover_us;
	heap_put(&l->due, &f->due, f->gone_at_us);
	refresh_all(l, f);
	return 0;
}

int apply_gone(struct ledger *l, const struct event *ev,
	       struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->framework.framework, err);

	if (f == NULL)
		return -1;
	if (f->connected || f->gone)
		return error_set(err, BERTH_ECONFLICT,
				 "framework %s is %s", f->name,
				 f->gone ? "gone already" : "there");
	if (f->ndemands > 0)
		return error_set(err, BERTH_ECONFLICT,
				 "framework %s: it has demands", f->name);
	f->gone = true;
	l->ngone++;
	heap_remove(&l->due, &f->due);
	return 0;
}

int apply_removed(struct ledger *l, const struct event *ev,
		  struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->framework.framework, err);

	if (f == NULL)
		return -1;
	if (!f->gone || f->nslices > 0 || f->njobs > 0)
		return error_set(err, BERTH_ECONFLICT,
				 "framework %s: it is not gone, or has slices "
				 "or jobs", f->name);
	l->ngone--;
	map_remove(l->frameworks, f->name);
	l->dead_framework = f;
	return 0;
}

int apply_suppressed(struct ledger *l, const struct event *ev,
		     struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->framework.framework, err);

	if (f == NULL)
		return -1;
	f->suppressed = true;
	refresh_all(l, f);
	return 0;
}

int apply_revived(struct ledger *l, const struct event *ev,
		  struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->framework.framework, err);
	struct demand *d;

	if (f == NULL)
		return -1;
	f->suppressed = false;
	TAILQ_FOREACH(d, &f->demands, of_framework)
		clear_filters(l, d);
	refresh_all(l, f);
	return 0;
}

int apply_asked(struct ledger *l, const struct event *ev,
		struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->framework.framework, err);

	if (f == NULL)
		return -1;
	if (!f->connected || f->gone)
		return error_set(err, BERTH_ECONFLICT, "framework %s is away",
				 f->name);
	state_ask(l, f, ev->framework.demand != NULL ? ev->framework.demand :
						       "");
	l->changed = true;
	return 0;
}
