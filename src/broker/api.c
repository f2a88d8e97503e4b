#include "broker/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/json_decode.h"
#include "broker/json_text.h"
#include "broker/nodes.h"
#include "broker/routes.h"
#include "broker/whole_file.h"

#define MAX_BODY (32u << 20)
/* Between the answer to a shutdown and the end. */
#define END_US 50000

struct api {
	struct leader *leader;
	struct http_server *server;
	char *uri, *local_uri;
	char *contact_path; /* set once the file is ours */
	uint64_t requests;
	struct loop_timer *end; /* tells the owner after the answer went out */
	bool kill_tasks;
	char *reason;
};

/* ---- who may call -------------------------------------------------------- */

/* Takes the same time wherever the first difference is. */
static bool same_secret(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned char diff = la != lb;

	for (size_t i = 0; i < lb; i++)
		diff |= (unsigned char)((i < la ? a[i] : 0) ^ b[i]);
	return diff == 0;
}

static bool authorized(const struct leader *l, const struct http_request *req)
{
	const char *h = http_header(req, "Authorization");

	if (h == NULL || strncmp(h, "Bearer ", 7) != 0)
		return false;
	return same_secret(h + 7, l->token);
}

static void on_request(void *arg, struct http_request *req)
{
	struct api *a = arg;
	struct berth_error err = {0};

	a->requests++;
	if (!authorized(a->leader, req)) {
		error_set(&err, BERTH_EAUTH,
			  "no or wrong token: send \"Authorization: Bearer\" "
			  "with the token of the contact file");
		http_reply_error(req, &err);
		return;
	}
	routes_dispatch(a->leader, req);
}

/* ---- contact file -------------------------------------------------------- */

static int write_contact(struct api *a, struct berth_error *err)
{
	const struct leader *l = a->leader;
	const struct leader_settings *set = &l->set;
	struct buf text;
	json_t *v;
	int rc;

	if (set->contact_path == NULL)
		return 0;
	v = json_pack("{s:s, s:s, s:s, s:s, s:s}", "uri", a->uri, "unix",
		      set->unix_path != NULL ? set->unix_path : "", "token",
		      l->token, "berth", set->berth, "leader",
		      net_self(l->net));
	buf_init(&text);
	json_text_value(&text, v);
	buf_puts(&text, "\n");
	rc = whole_file_write(set->contact_path, text.data, text.len, err);
	if (rc == 0)
		a->contact_path = mem_strdup(set->contact_path);
	buf_finish(&text);
	json_decref(v);
	return rc;
}

/* ---- create, destroy ----------------------------------------------------- */

static int listen_tcp(struct api *a, struct berth_error *err)
{
	const struct leader_settings *set = &a->leader->set;
	const char *host = set->listen_host, *shown = host;
	char name[256] = "localhost";
	bool v6;
	int port;

	a->uri = mem_strdup("");
	if (set->no_tcp)
		return 0;
	if (host == NULL && set->listen_local) {
		host = shown = "127.0.0.1";
	} else if (host == NULL || strcmp(host, "0.0.0.0") == 0 ||
		   strcmp(host, "::") == 0) {
		if (gethostname(name, sizeof(name) - 1) != 0)
			return error_sys(err, "gethostname");
		shown = name;
	}
	port = http_server_listen_tcp(a->server, host, set->listen_port, err);
	if (port < 0)
		return -1;
	free(a->uri);
	v6 = strchr(shown, ':') != NULL;
	a->uri = mem_printf("http://%s%s%s:%d", v6 ? "[" : "", shown,
			    v6 ? "]" : "", port);
	return 0;
}

static void on_end(void *arg)
{
	struct api *a = arg;
	struct leader *l = a->leader;

	if (l->ended != NULL)
		l->ended(l->ended_arg, a->reason, a->kill_tasks);
}

/* Under mpirun this rank may be the first to come to its node's folder. */
static int make_folder_of(const char *path, struct berth_error *err)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int rc = 0;

	if (slash == NULL || slash == path)
		return 0;
	folder = mem_strndup(path, (size_t)(slash - path));
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		rc = error_sys(err, "%s", folder);
	free(folder);
	return rc;
}

struct api *api_create(struct leader *l, struct berth_error *err)
{
	struct api *a = mem_alloc(sizeof(*a));
	const char *path = l->set.unix_path;

	a->leader = l;
	a->end = loop_timer_create(l->loop, on_end, a);
	a->server = http_server_create(l->loop, MAX_BODY, on_request, a, err);
	if (a->server == NULL)
		goto fail;
	if (path != NULL &&
	    (make_folder_of(path, err) != 0 ||
	     http_server_listen_unix(a->server, path, err) != 0))
		goto fail;
	if (listen_tcp(a, err) != 0)
		goto fail;
	a->local_uri = path != NULL ? mem_printf("unix:%s", path)
				    : mem_strdup(a->uri);
	if (write_contact(a, err) != 0)
		goto fail;
	log_info("the API listens at %s%s%s", a->uri,
		 a->uri[0] != '\0' && path != NULL ? " and " : "",
		 path != NULL ? a->local_uri : "");
	return a;
fail:
	api_destroy(a);
	return NULL;
}

void api_destroy(struct api *a)
{
	if (a == NULL)
		return;
	if (a->contact_path != NULL)
		unlink(a->contact_path);
	http_server_destroy(a->server);
	loop_timer_destroy(a->end);
	free(a->reason);
	free(a->contact_path);
	free(a->uri);
	free(a->local_uri);
	free(a);
}

const char *api_uri(const struct api *a)
{
	return a->uri;
}

const char *api_local_uri(const struct api *a)
{
	return a->local_uri;
}

uint64_t api_requests(const struct api *a)
{
	return a->requests;
}

/* ---- answers and questions ----------------------------------------------- */

void api_reply(struct http_request *req, int status, json_t *v)
{
	struct buf text;

	buf_init(&text);
	json_text_value(&text, v);
	buf_puts(&text, "\n");
	http_reply(req, status, "application/json", text.data, text.len);
	buf_finish(&text);
	json_decref(v);
}

void api_reply_status(struct http_request *req, int status,
		      const struct berth_error *err)
{
	api_reply(req, status, json_pack("{s:o}", "error",
					 json_text_safe(err->text)));
}

void api_reply_ending(struct http_request *req)
{
	struct berth_error err = {0};

	error_set(&err, BERTH_EUNAVAIL, "this leader ends; try again");
	http_reply_error(req, &err);
}

json_t *api_body(struct http_request *req)
{
	struct berth_error err = {0};
	size_t len;
	const char *text = http_body(req, &len);
	json_t *v;

	if (len == 0)
		return json_object();
	v = json_decode_text(text, len, &err);
	if (v == NULL)
		http_reply_error(req, &err);
	return v;
}

int api_query_int(struct http_request *req, const char *name, int64_t min,
		  int64_t max, int64_t *out, struct berth_error *err)
{
	const char *text = http_query(req, name);
	char *end;
	long long v;

	if (text == NULL)
		return 0;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || v < min || v > max)
		return error_set(err, BERTH_EINPUT,
				 "?%s=%.40s: an integer between %lld and %lld "
				 "is wanted", name, text, (long long)min,
				 (long long)max);
	*out = v;
	return 0;
}

int api_query_bool(struct http_request *req, const char *name, bool *out,
		   struct berth_error *err)
{
	const char *text = http_query(req, name);

	if (text == NULL || strcmp(text, "0") == 0 ||
	    strcmp(text, "false") == 0)
		*out = false;
	else if (strcmp(text, "1") == 0 || strcmp(text, "true") == 0 ||
		 text[0] == '\0')
		*out = true;
	else
		return error_set(err, BERTH_EINPUT,
				 "?%s=%.40s: 0 or 1 is wanted", name, text);
	return 0;
}

/* ---- the end ------------------------------------------------------------- */

void api_shutdown(struct leader *l, struct http_request *req, const char *name)
{
	struct shutdown_call {
		bool kill_tasks;
		const char *reason;
	} call = {true, "shutdown was asked for"};
	static const struct json_field fields[] = {
		{.name = "kill_tasks", .type = JSON_T_BOOL,
		 .offset = offsetof(struct shutdown_call, kill_tasks)},
		{.name = "reason", .type = JSON_T_STRING, .max = 256,
		 .offset = offsetof(struct shutdown_call, reason)},
	};
	struct berth_error err = {0};
	json_t *body = api_body(req);

	if (body == NULL)
		return;
	if (JSON_DECODE(body, "", fields, &call, &err) != 0) {
		http_reply_error(req, &err);
		goto out;
	}
	api_reply(req, 202, json_pack("{s:b}", "ending", 1));
	if (!l->ending) {
		l->ending = true;
		log_info("the end: %s", call.reason);
		nodes_shutdown(l->nodes, call.reason, call.kill_tasks);
		l->api->reason = mem_strdup(call.reason);
		l->api->kill_tasks = call.kill_tasks;
		loop_timer_start(l->api->end, END_US);
	}
out:
	json_decref(body);
}
