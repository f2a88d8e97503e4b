/* api_server.c - see api_server.h. */
#include "broker/api_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "broker/api.h"

#define MAX_BODY (32u << 20)

struct api_server {
	struct api_server_config config;
	struct http_server *server;
	http_handler_f handler; /* NULL: this rank does not lead */
	void *arg;
	char *leader; /* its address; NULL: nobody leads */
	char *uri, *local_uri;
	char token[65];
	uint64_t requests;
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

static bool authorized(const struct api_server *a,
		       const struct http_request *req)
{
	const char *h = http_header(req, "Authorization");

	if (h == NULL || strncmp(h, "Bearer ", 7) != 0)
		return false;
	return same_secret(h + 7, a->token);
}

static void refer(const struct api_server *a, struct http_request *req)
{
	const char *target = http_target(req);
	char *where;

	if (a->leader == NULL) {
		api_reply_again(req, "this Berth has no leader right now; try "
				     "again in a moment");
		return;
	}
	where = mem_printf("%s%s", a->leader, target);
	http_reply_header(req, "Location", where);
	api_reply(req, 307,
		  json_pack("{s:s, s:s}", "error",
			    "another rank leads: ask it at \"leader\"",
			    "leader", a->leader));
	free(where);
}

static void on_request(void *arg, struct http_request *req)
{
	struct api_server *a = arg;
	struct berth_error err = {0};

	a->requests++;
	if (!authorized(a, req)) {
		error_set(&err, BERTH_EAUTH,
			  "no or wrong token: send \"Authorization: Bearer\" "
			  "with the token of the contact file");
		http_reply_error(req, &err);
		return;
	}
	if (a->handler != NULL)
		a->handler(a->arg, req);
	else
		refer(a, req);
}

void api_server_serve(struct api_server *a, http_handler_f handler, void *arg)
{
	a->handler = handler;
	a->arg = arg;
}

void api_server_refer(struct api_server *a, const char *uri)
{
	char *copy = mem_strdup(uri);

	a->handler = NULL;
	free(a->leader);
	a->leader = copy;
}

/* ---- create, destroy ----------------------------------------------------- */

static int listen_tcp(struct api_server *a, struct berth_error *err)
{
	const struct api_server_config *set = &a->config;
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

static int set_token(struct api_server *a, const char *token,
		     struct berth_error *err)
{
	if (token == NULL) {
		rand_secret_hex(a->token, (sizeof(a->token) - 1) / 2);
		return 0;
	}
	if (token[0] == '\0' || strlen(token) >= sizeof(a->token))
		return error_set(err, BERTH_EINPUT,
				 "token: 1 to %zu characters are wanted",
				 sizeof(a->token) - 1);
	strcpy(a->token, token);
	return 0;
}

struct api_server *api_server_create(struct loop *loop,
				     const struct api_server_config *config,
				     struct berth_error *err)
{
	struct api_server *a = mem_alloc(sizeof(*a));
	const char *path = config->unix_path;

	a->config = *config;
	if (set_token(a, config->token, err) != 0)
		goto fail;
	a->server = http_server_create(loop, MAX_BODY, on_request, a, err);
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
	log_info("the API listens at %s%s%s", a->uri,
		 a->uri[0] != '\0' && path != NULL ? " and " : "",
		 path != NULL ? a->local_uri : "");
	return a;
fail:
	api_server_destroy(a);
	return NULL;
}

void api_server_destroy(struct api_server *a)
{
	if (a == NULL)
		return;
	http_server_destroy(a->server);
	free(a->leader);
	free(a->uri);
	free(a->local_uri);
	free(a);
}

const char *api_server_uri(const struct api_server *a)
{
	return a->uri;
}

const char *api_server_local_uri(const struct api_server *a)
{
	return a->local_uri;
}

const char *api_server_token(const struct api_server *a)
{
	return a->token;
}

uint64_t api_server_requests(const struct api_server *a)
{
	return a->requests;
}
