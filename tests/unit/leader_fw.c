/* leader_fw.c - a framework of the rig, see leader_rig.h. */
#include <CUnit/Basic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "leader_rig.h"

void fw_register(struct rig *r, struct fw *f, const char *name)
{
	char body[128], path[160];
	json_t *v;

	memset(f, 0, sizeof(*f));
	f->rig = r;
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(body, sizeof(body), "{\"name\": \"%s\", \"failover_ms\": %u}",
		 name, r->failover_ms != 0 ? r->failover_ms : 300);
	CU_ASSERT_EQUAL(rig_call(r, "POST", "/v1/frameworks", body, &v), 201);
	snprintf(f->session, sizeof(f->session), "%s", rig_str(v, "session"));
	json_decref(v);
	snprintf(path, sizeof(path), "/v1/frameworks/%s/events?session=%s",
		 name, f->session);
	rig_open(r, &f->stream, path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig_line(&f->stream, "state", 0));
}

/* Carry out calls; returns how many were refused. */
size_t fw_calls(struct fw *f, const char *fmt, ...)
{
	char path[160], body[2048];
	va_list ap;
	size_t n, len;
	json_t *v;

	len = (size_t)snprintf(body, sizeof(body), "{\"calls\": [");
	va_start(ap, fmt);
	len += (size_t)vsnprintf(body + len, sizeof(body) - len, fmt, ap);
	va_end(ap);
	snprintf(body + len, sizeof(body) - len, "]}");
	snprintf(path, sizeof(path), "/v1/frameworks/%s/calls?session=%s",
		 f->name, f->session);
	CU_ASSERT_EQUAL_FATAL(rig_call(f->rig, "POST", path, body, &v), 200);
	n = json_array_size(json_object_get(v, "refused"));
	if (n > 0)
		printf(" (%s) ", rig_str(v, "refused.0.error"));
	json_decref(v);
	return n;
}

long long rig_submit(struct rig *r, const char *body)
{
	json_t *v;
	long long id;

	CU_ASSERT_EQUAL(rig_call(r, "POST", "/v1/jobs", body, &v), 201);
	id = rig_int(v, "id");
	json_decref(v);
	return id;
}

/* A demand, and what is offered for it: the offer's number. */
long long fw_want(struct fw *f, unsigned count, unsigned cores, size_t nth,
		      json_t **offer)
{
	CU_ASSERT_EQUAL(fw_calls(f, "{\"call\": \"demand\", \"demand\": "
				    "{\"id\": \"d%zu\", \"count\": %u, "
				    "\"separate\": true, \"slice\": "
				    "{\"cores\": %u}}}", nth, count, cores), 0);
	*offer = rig_line(&f->stream, "offer", nth);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*offer);
	return rig_int(*offer, "offer");
}

/* A job with one task on n0 that is running. */
long long fw_running_job(struct rig *r, struct fw *f, long long *slice)
{
	long long id, oid;
	json_t *offer;

	id = rig_submit(r, "{\"framework\": \"batch\", \"argv\": [\"x\"], "
		       "\"stdin\": true}");
	oid = fw_want(f, 1, 1, 0, &offer);
	*slice = rig_int(offer, "slices.0.id");
	CU_ASSERT_EQUAL(fw_calls(f, "{\"call\": \"accept\", \"offer\": %lld, "
				    "\"slices\": [%lld]}, {\"call\": "
				    "\"launch\", \"launch\": {\"job\": %lld, "
				    "\"tasks\": [{\"index\": 0, \"slice\": "
				    "%lld}]}}", oid, *slice, id, *slice), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig_line(&f->stream, "task", 0));
	return id;
}

void fw_end_job(struct rig *r, struct fw *f, long long id)
{
	rig_report(r, &r->agent[0], &r->agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 0, false);
	CU_ASSERT_PTR_NOT_NULL(rig_line(&f->stream, "task", 1));
	CU_ASSERT_EQUAL(fw_calls(f, "{\"call\": \"job\", \"job\": %lld, "
				    "\"state\": \"ended\"}", id), 0);
}
