#include "broker/routes.h"

#include <string.h>

#include "base/buf.h"
#include "broker/api.h"
#include "broker/events.h"
#include "broker/frameworks.h"
#include "broker/jobs.h"
#include "broker/metrics.h"
#include "broker/outputs.h"
#include "broker/shares.h"
#include "broker/stdins.h"
#include "broker/submit.h"
#include "broker/views.h"

static const struct route {
	const char *method, *path;
	route_f handle;
} routes[] = {
	{"GET", "/v1/status", views_status},
	{"GET", "/v1/nodes", views_nodes},
	{"GET", "/v1/nodes/*", views_node},
	{"GET", "/v1/slices", views_slices},
	{"GET", "/v1/offers", views_offers},
	{"GET", "/v1/demands", views_demands},
	{"GET", "/v1/frameworks", views_frameworks},
	{"GET", "/v1/shares", shares_get},
	{"PUT", "/v1/shares/*", shares_put},
	{"DELETE", "/v1/shares/*", shares_delete},
	{"GET", "/v1/metrics", metrics_get},
	{"GET", "/v1/events", events_get},

	{"POST", "/v1/jobs", submit_post},
	{"GET", "/v1/jobs", jobs_list},
	{"GET", "/v1/jobs/*", jobs_get},
	{"DELETE", "/v1/jobs/*", jobs_delete},
	{"POST", "/v1/jobs/*/signal", jobs_signal},
	{"GET", "/v1/jobs/*/output", outputs_get},
	{"POST", "/v1/jobs/*/stdin", stdins_post},

	{"POST", "/v1/frameworks", frameworks_post},
	{"GET", "/v1/frameworks/*/events", frameworks_events},
	{"POST", "/v1/frameworks/*/calls", frameworks_calls},

	{"POST", "/v1/shutdown", api_shutdown},
};

#define NAME_MAX_LEN 128

/* Does path have the shape of pattern?  Its "*" stands for one segment that
 * is not empty and comes back in name. */
static bool match(const char *pattern, const char *path, char *name)
{
	const char *star = strchr(pattern, '*');
	size_t before, len;

	name[0] = '\0';
	if (star == NULL)
		return strcmp(pattern, path) == 0;
	before = (size_t)(star - pattern);
	if (strncmp(pattern, path, before) != 0)
		return false;
	len = strcspn(path + before, "/");
	if (len == 0 || len >= NAME_MAX_LEN ||
	    strcmp(path + before + len, star + 1) != 0)
		return false;
	memcpy(name, path + before, len);
	name[len] = '\0';
	return true;
}

void routes_dispatch(struct leader *l, struct http_request *req)
{
	const char *method = http_method(req), *path = http_path(req);
	struct berth_error err = {0};
	char name[NAME_MAX_LEN];
	struct buf known;

	buf_init(&known);
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!match(routes[i].path, path, name))
			continue;
		if (strcmp(routes[i].method, method) == 0) {
			buf_finish(&known);
			routes[i].handle(l, req,
					 name[0] != '\0' ? name : NULL);
			return;
		}
		buf_printf(&known, "%s%s", known.len > 0 ? ", " : "",
			   routes[i].method);
	}
	if (known.len > 0) {
		error_set(&err, BERTH_EINPUT, "%s %.100s: this path knows %s",
			  method, path, known.data);
		api_reply_status(req, 405, &err);
	} else {
		error_set(&err, BERTH_ENOTFOUND,
			  "%s %.100s: there is no such call", method, path);
		http_reply_error(req, &err);
	}
	buf_finish(&known);
}
