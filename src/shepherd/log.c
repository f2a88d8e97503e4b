/* log.c - PMIx_Log: texts for a rank's own output files.  Open MPI's help
 * messages come this way. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

struct log_call {
	struct handover_item item;
	pmix_proc_t proc;
	struct infos data;
	pmix_op_cbfunc_t cb;
	void *cbdata;
};

static void put(struct server *s, const struct log_call *l,
		const pmix_info_t *i)
{
	int stream = strcmp(i->key, PMIX_LOG_STDOUT) == 0 ? 0 : 1;
	const char *text = NULL;
	size_t len = 0;

	if (stream == 1 && strcmp(i->key, PMIX_LOG_STDERR) != 0)
		return;
	if (i->value.type == PMIX_STRING && i->value.data.string) {
		text = i->value.data.string;
		len = strlen(text);
	} else if (i->value.type == PMIX_BYTE_OBJECT) {
		text = i->value.data.bo.bytes;
		len = i->value.data.bo.size;
	}
	if (text)
		runner_write(s->runner, l->proc.nspace, l->proc.rank, stream,
			     text, len);
}

static void run(struct server *s, struct handover_item *item)
{
	struct log_call *l = (struct log_call *)item;

	for (size_t i = 0; i < l->data.n; i++)
		put(s, l, &l->data.v[i]);
	if (l->cb)
		l->cb(PMIX_SUCCESS, l->cbdata);
	infos_finish(&l->data);
	free(l);
}

void upcall_log(const pmix_proc_t *client, const pmix_info_t data[],
		size_t ndata, const pmix_info_t directives[], size_t ndirs,
		pmix_op_cbfunc_t cb, void *cbdata)
{
	struct log_call *l = mem_alloc(sizeof(*l));

	l->item.run = run;
	l->proc = *client;
	infos_copy(&l->data, data, ndata);
	l->cb = cb;
	l->cbdata = cbdata;
	handover_post(&l->item);
}
