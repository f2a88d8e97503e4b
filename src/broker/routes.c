#include "broker/routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "broker/api.h"

#define NAME_MAX_LEN 128

struct routes {
	struct route *route;
	size_t n;
};

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

void routes_dispatch(const struct routes *r, struct http_request *req)
{
	const char *method = http_method(req), *path = http_path(req);
	struct berth_error err = {0};
	char name[NAME_MAX_LEN];
	struct buf known;

	buf_init(&known);
	for (size_t i = 0; i < r->n; i++) {
		const struct route *one = &r->route[i];

		if (!match(one->path, path, name))
			continue;
		if (strcmp(one->method, method) == 0) {
			buf_finish(&known);
			one->handle(one->arg, req,
				    name[0] != '\0' ? name : NULL);
			return;
		}
		buf_printf(&known, "%s%s", known.len > 0 ? ", " : "",
			   one->method);
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

struct routes *routes_create(const struct route *route, size_t n)
{
	struct routes *r = mem_alloc(sizeof(*r));

	r->route = mem_dup(route, n * sizeof(route[0]));
	r->n = n;
	return r;
}

void routes_destroy(struct routes *r)
{
	if (r == NULL)
		return;
	free(r->route);
	free(r);
}
