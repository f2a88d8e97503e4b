/* apply.c - the one door to the ledger's state. */
#include "ledger/state.h"

#include <stdlib.h>

#include "base/log.h"

typedef int (*apply_f)(struct ledger *l, const struct event *ev,
		       struct berth_error *err);

static const apply_f table[EVENT_TYPES] = {
	[EVENT_NODE_UP] = apply_node_up,
	[EVENT_NODE_DOWN] = apply_node_down,
	[EVENT_NODE_DRAINED] = apply_node_drained,
	[EVENT_NODE_RESUMED] = apply_node_resumed,
	[EVENT_ROLE_SET] = apply_role_set,
	[EVENT_ROLE_REMOVED] = apply_role_removed,
	[EVENT_FRAMEWORK_REGISTERED] = apply_registered,
	[EVENT_FRAMEWORK_AWAY] = apply_away,
	[EVENT_FRAMEWORK_GONE] = apply_gone,
	[EVENT_FRAMEWORK_REMOVED] = apply_removed,
	[EVENT_FRAMEWORK_SUPPRESSED] = apply_suppressed,
	[EVENT_FRAMEWORK_REVIVED] = apply_revived,
	[EVENT_FRAMEWORK_ASKED] = apply_asked,
	[EVENT_DEMAND_SET] = apply_demand_set,
	[EVENT_DEMAND_WITHDRAWN] = apply_demand_withdrawn,
	[EVENT_FILTER_EXPIRED] = apply_filter_expired,
	[EVENT_OFFER_MADE] = apply_offer_made,
	[EVENT_OFFER_ACCEPTED] = apply_offer_accepted,
	[EVENT_OFFER_DECLINED] = apply_offer_over,
	[EVENT_OFFER_RESCINDED] = apply_offer_over,
	[EVENT_OFFER_EXPIRED] = apply_offer_over,
	[EVENT_SLICE_RELEASED] = apply_slice_over,
	[EVENT_SLICE_LOST] = apply_slice_over,
	[EVENT_SLICE_ADOPTED] = apply_slice_adopted,
	[EVENT_SLICE_REVOKING] = apply_slice_revoking,
	[EVENT_SLICE_TOLD] = apply_slice_told,
	[EVENT_SLICE_SPARED] = apply_slice_spared,
	[EVENT_DATASET_STORED] = apply_dataset_stored,
	[EVENT_DATASET_REMOVED] = apply_dataset_removed,
	[EVENT_JOB_SUBMITTED] = apply_job_submitted,
	[EVENT_JOB_CANCELLED] = apply_job_cancelled,
	[EVENT_JOB_STARTED] = apply_job_started,
	[EVENT_JOB_FINISHED] = apply_job_finished,
	[EVENT_JOB_COLLAPSED] = apply_job_collapsed,
	[EVENT_JOB_FORGOTTEN] = apply_job_forgotten,
	[EVENT_TASK_LAUNCHED] = apply_task_launched,
	[EVENT_TASK_RECALLED] = apply_task_recalled,
	[EVENT_TASK_ADOPTED] = apply_task_adopted,
	[EVENT_TASK_STARTED] = apply_task_started,
	[EVENT_TASK_FINISHED] = apply_task_finished,
};

static void bury(struct ledger *l)
{
	demand_destroy(l->dead_demand);
	l->dead_demand = NULL;
	offer_destroy(l->dead_offer);
	l->dead_offer = NULL;
	framework_destroy(l->dead_framework);
	l->dead_framework = NULL;
}

int ledger_apply(struct ledger *l, const struct event *ev,
		 struct berth_error *err)
{
	if (l->listening)
		return error_set(err, BERTH_ECONFLICT,
				 "ledger: an event out of the listener");
	if ((unsigned)ev->type >= EVENT_TYPES)
		return error_set(err, BERTH_EINPUT,
				 "ledger: no event of type %d", (int)ev->type);
	bury(l);
	if (table[ev->type](l, ev, err) != 0)
		return -1;
	if (ev->at_us > l->now_us)
		l->now_us = ev->at_us;
	l->count.events++;
	if (l->options.listen != NULL) {
		l->listening = true;
		l->options.listen(l->options.arg, ev);
		l->listening = false;
	}
	return 0;
}

int call_begin(struct ledger *l, uint64_t now_us, struct berth_error *err)
{
	if (l->listening)
		return error_set(err, BERTH_ECONFLICT,
				 "ledger: a call out of the listener");
	if (now_us > l->now_us)
		l->now_us = now_us;
	return 0;
}

void state_must(struct ledger *l, const struct event *ev)
{
	struct berth_error err;

	if (ledger_apply(l, ev, &err) == 0)
		return;
	log_error("ledger: %s refused: %s", event_name(ev->type), err.text);
	abort();
}
