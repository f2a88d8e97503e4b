/* apply_role.c - the tree of roles: what they are guaranteed, their limits,
 * weights and priorities. */
#include "ledger/state.h"

#include <string.h>

#include "base/mem.h"

struct amount state_known(const struct ledger *l)
{
	struct amount sum = {0, 0, 0, 0};

	for (size_t i = 0; i < l->nnodes; i++)
		amount_add(&sum, &l->node[i]->total);
	return sum;
}

void state_resolve(struct ledger *l)
{
	if (!l->unresolved)
		return;
	l->unresolved = false;
	role_resolve(l->role, l->nroles, &l->total);
	l->guarantees = false;
	for (size_t i = 0; i < l->nroles; i++)
		l->guarantees |= !quota_empty(&l->role[i]->guarantee);
}

/* What is offered depends on it. */
static void changed(struct ledger *l)
{
	l->unresolved = true;
	state_resolve(l);
	ledger_touch(l);
}

static int check_parent(const struct ledger *l, const struct role *r,
			const struct role_setting *s, struct role **parent,
			struct berth_error *err)
{
	*parent = NULL;
	if (s->parent == NULL || *s->parent == '\0')
		return 0;
	if (strcmp(s->parent, s->name) == 0)
		return error_set(err, BERTH_EINPUT,
				 "role %s: it can't be its own parent",
				 s->name);
	*parent = map_get(l->roles, s->parent);
	if (*parent == NULL)
		return error_set(err, BERTH_EINPUT,
				 "role %s: its parent %.64s is not known: set "
				 "that first", s->name, s->parent);
	if (r != NULL && role_below(*parent, r))
		return error_set(err, BERTH_EINPUT,
				 "role %s: its parent %s stands below it: a "
				 "cycle", s->name, s->parent);
	return 0;
}

int apply_role_set(struct ledger *l, const struct event *ev,
		   struct berth_error *err)
{
	const struct role_setting *s = ev->role_set.setting;
	struct role *r = map_get(l->roles, s->name), *parent;
	struct role_setting before;
	struct role *above;
	struct amount known = state_known(l);
	bool set;

	if (check_parent(l, r, s, &parent, err) != 0)
		return -1;
	r = state_role(l, s->name);
	set = r->set;
	above = r->parent;
	before = (struct role_setting){
		.name = r->name,
		.guarantee = r->guarantee,
		.limit = r->limit,
		.weight = r->weight,
		.priority = r->priority,
	};
	role_link(r, parent);
	role_apply(r, s);
	r->set = true;
	if (role_check(l->role, l->nroles, &known, err) != 0) {
		role_link(r, above);
		role_apply(r, &before);
		r->set = set;
		l->unresolved = true;
		state_resolve(l);
		return -1;
	}
	changed(l);
	return 0;
}

int apply_role_removed(struct ledger *l, const struct event *ev,
		       struct berth_error *err)
{
	struct role *r = map_get(l->roles, ev->role.role);
	struct role_setting plain;

	if (r == NULL || !r->set)
		return error_set(err, BERTH_ENOTFOUND, "role %.64s: nothing is "
				 "set for it", ev->role.role);
	if (!TAILQ_EMPTY(&r->children))
		return error_set(err, BERTH_ECONFLICT,
				 "role %s: %s stands below it: remove that "
				 "first", r->name,
				 TAILQ_FIRST(&r->children)->name);
	role_setting_init(&plain, r->name);
	role_link(r, NULL);
	role_apply(r, &plain);
	r->set = false;
	changed(l);
	return 0;
}

/* ---- calls ---- */

int ledger_share_set(struct ledger *l, const struct role_setting *s,
		     uint64_t now_us, struct berth_error *err)
{
	struct event ev = {
		.type = EVENT_ROLE_SET,
		.role_set = {.setting = s},
	};

	if (call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	return ledger_apply(l, &ev, err);
}

int ledger_share_remove(struct ledger *l, const char *role, uint64_t now_us,
			struct berth_error *err)
{
	struct event ev = {
		.type = EVENT_ROLE_REMOVED,
		.role = {.role = role},
	};

	if (call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	return ledger_apply(l, &ev, err);
}

/* ---- reading ---- */

const struct role *ledger_role(const struct ledger *l, const char *name)
{
	return map_get(l->roles, name);
}

const struct role *ledger_next_role(const struct ledger *l, size_t *pos)
{
	return *pos < l->nroles ? l->role[(*pos)++] : NULL;
}
