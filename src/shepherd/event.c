/*
 * event.c - events that ranks raise: PMIx gives them to the ranks of this
 * node, here they go on to the job's other nodes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

#define KEY_CODE "berth.event.code"
#define KEY_SOURCE "berth.event.source"
#define KEY_INFO "berth.event.info"

struct event {
	struct handover_item item;
	pmix_status_t code;
	pmix_proc_t source;
	pmix_data_range_t range;
	struct infos info;
	pmix_op_cbfunc_t cb;
	void *cbdata;
};

pmix_status_t upcall_register_events(pmix_status_t *codes, size_t ncodes,
				     const pmix_info_t info[], size_t ninfo,
				     pmix_op_cbfunc_t cb, void *cbdata)
{
	/* We have no events of the environment's own to offer. */
	return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t upcall_deregister_events(pmix_status_t *codes, size_t ncodes,
				       pmix_op_cbfunc_t cb, void *cbdata)
{
	return PMIX_OPERATION_SUCCEEDED;
}

static void run(struct server *s, struct handover_item *item)
{
	struct event *e = (struct event *)item;
	Berth__PmixEvent m = BERTH__PMIX_EVENT__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	struct infos all;
	struct buf bytes;

	infos_init(&all);
	buf_init(&bytes);
	infos_u32(&all, KEY_CODE, (uint32_t)e->code);
	infos_proc(&all, KEY_SOURCE, &e->source);
	infos_take(&all, KEY_INFO, &e->info);
	if (infos_pack(&bytes, all.v, all.n) == 0) {
		m.data.data = (uint8_t *)bytes.data;
		m.data.len = bytes.len;
		msg.body_case = BERTH__MSG__BODY_PMIX_EVENT;
		msg.pmix_event = &m;
		server_tell_others(s, e->source.nspace, &msg);
	}
	infos_finish(&all);
	buf_finish(&bytes);
	if (e->cb)
		e->cb(PMIX_SUCCESS, e->cbdata);
	free(e);
}

pmix_status_t upcall_notify(pmix_status_t code, const pmix_proc_t *source,
			    pmix_data_range_t range, pmix_info_t info[],
			    size_t ninfo, pmix_op_cbfunc_t cb, void *cbdata)
{
	struct event *e;

	if (range == PMIX_RANGE_LOCAL || range == PMIX_RANGE_PROC_LOCAL ||
	    range == PMIX_RANGE_RM)
		return PMIX_OPERATION_SUCCEEDED;
	e = mem_alloc(sizeof(*e));
	e->item.run = run;
	e->code = code;
	e->source = *source;
	e->range = range;
	infos_copy(&e->info, info, ninfo);
	e->cb = cb;
	e->cbdata = cbdata;
	handover_post(&e->item);
	return PMIX_SUCCESS;
}

struct notified {
	struct handover_item item;
	struct infos info;
};

static void free_notified(struct server *s, struct handover_item *item)
{
	struct notified *n = (struct notified *)item;

	infos_finish(&n->info);
	free(n);
}

static void notified(pmix_status_t status, void *cbdata)
{
	struct notified *n = cbdata;

	n->item.run = free_notified;
	handover_post(&n->item);
}

void event_received(struct server *s, const Berth__PmixEvent *e)
{
	struct notified *n = mem_alloc(sizeof(*n));
	const pmix_info_t *source, *info;
	pmix_status_t code;
	struct infos all;

	infos_init(&all);
	if (infos_unpack(&all, e->data.data, e->data.len) != 0)
		log_warn("an event that cannot be read");
	code = (pmix_status_t)infos_number(all.v, all.n, KEY_CODE, 0);
	source = infos_find(all.v, all.n, KEY_SOURCE);
	info = infos_find(all.v, all.n, KEY_INFO);
	if (info && info->value.type == PMIX_DATA_ARRAY)
		infos_copy(&n->info, info->value.data.darray->array,
			   info->value.data.darray->size);
	/* To the ranks here and no farther. */
	if (code == 0 || source == NULL || source->value.type != PMIX_PROC ||
	    PMIx_Notify_event(code, source->value.data.proc, PMIX_RANGE_LOCAL,
			      n->info.v, n->info.n, notified,
			      n) != PMIX_SUCCESS)
		free_notified(s, &n->item);
	infos_finish(&all);
}
