#include "broker/stream_routes.h"

#include <string.h>

#include "broker/api.h"
#include "broker/job_routes.h"

/* ---- GET /v1/jobs/ID/output ---------------------------------------------- */

static int parse(struct http_request *req, struct output_want *w,
		 struct berth_error *err)
{
	const char *stream = http_query(req, "stream");
	int64_t from = 0;

	w->task = -1;
	w->rank = -2;
	if (stream == NULL)
		stream = "both";
	w->out = strcmp(stream, "out") == 0 || strcmp(stream, "both") == 0;
	w->err = strcmp(stream, "err") == 0 || strcmp(stream, "both") == 0;
	if (!w->out && !w->err)
		return error_set(err, BERTH_EINPUT,
				 "?stream=%.40s: out, err or both is wanted",
				 stream);
	if (api_query_int(req, "task", 0, UINT32_MAX, &w->task, err) != 0 ||
	    api_query_int(req, "rank", -1, INT32_MAX, &w->rank, err) != 0 ||
	    api_query_int(req, "from", 0, INT64_MAX, &from, err) != 0 ||
	    api_query_bool(req, "follow", &w->follow, err) != 0 ||
	    api_query_bool(req, "tag", &w->lines, err) != 0 ||
	    api_query_bool(req, "raw", &w->raw, err) != 0)
		return -1;
	w->from = (uint64_t)from;
	if (w->raw && (w->task < 0 || (w->out && w->err)))
		return error_set(err, BERTH_EINPUT,
				 "?raw=1: is for one stream of one task: say "
				 "?task= and ?stream=out or err");
	return 0;
}

void stream_routes_output(void *routes, struct http_request *req,
			  const char *name)
{
	const struct stream_routes *r = routes;
	const struct job *j = job_routes_named(book_ledger(r->book), req, name);
	struct berth_error err = {0};
	struct output_want want = {0};

	if (j == NULL)
		return;
	want.job = j->id;
	if (parse(req, &want, &err) != 0)
		http_reply_error(req, &err);
	else
		outputs_read(r->outputs, req, &want);
}

/* ---- POST /v1/jobs/ID/stdin ---------------------------------------------- */

void stream_routes_stdin(void *routes, struct http_request *req,
			 const char *name)
{
	const struct stream_routes *r = routes;
	const struct job *j = job_routes_named(book_ledger(r->book), req, name);
	const struct job_spec *spec;
	struct berth_error err = {0};
	int64_t offset = -1;
	bool eof;

	if (j == NULL)
		return;
	spec = jobs_spec(r->jobs, j->id);
	if (api_query_int(req, "offset", 0, INT64_MAX / 2, &offset, &err) == 0)
		api_query_bool(req, "eof", &eof, &err);
	if (err.text[0] == '\0' && offset < 0)
		error_set(&err, BERTH_EINPUT, "?offset=: is missing");
	if (err.text[0] == '\0' && spec != NULL && !spec->want_stdin)
		error_set(&err, BERTH_ECONFLICT,
			  "job %llu: it has no standard input; submit it with "
			  "\"stdin\": true", (unsigned long long)j->id);
	if (err.text[0] != '\0') {
		http_reply_error(req, &err);
		return;
	}
	stdins_put(r->stdins, req, j->id, (uint64_t)offset, eof);
}
