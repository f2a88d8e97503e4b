/* Workload traces: the first byte says which format. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A job that was taken makes sense. */
static void check_work(const struct work *w)
{
	if (w->nstages == 0 || w->name == NULL || w->group == NULL)
		abort();
	for (unsigned i = 0; i < w->nstages; i++) {
		if (w->stage[i].tasks == 0)
			abort();
		work_task_us(w, i, 0);
	}
	work_alone_us(w, 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct berth_error err = {0};
	struct trace_counts counts;
	struct trace_options o;
	struct worklist list;
	char *text;
	int rc;

	if (size == 0)
		return 0;
	trace_defaults(&o);
	o.name = "t";
	o.largest = 1000;
	text = mem_alloc(size); /* no more: reads beyond are seen */
	memcpy(text, data + 1, size - 1);
	worklist_init(&list);
	if (data[0] == 'S')
		rc = trace_swf(text, size - 1, &o, &list, &counts, &err);
	else
		rc = trace_swim(text, size - 1, &o, &list, &counts, &err);
	if (rc != 0 && (strncmp(err.text, "t:", 2) != 0 ||
			strchr(err.text, '\n') != NULL || list.count > 0))
		abort();
	for (size_t i = 0; i < list.count; i++)
		check_work(&list.at[i]);
	worklist_finish(&list);
	free(text);
	return 0;
}
