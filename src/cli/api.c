/* api.c - see api.h. */
#include "cli/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/parse.h"
#include "io/http.h"

#define ANSWER_MS 30000
/* One of several ranks that does not answer may be stopped or cut off: another
 * one is asked, and each is given twice the time in the next round. */
#define ONE_OF_SEVERAL_MS 2000
#define CONNECT_MS 400
/* Between two tries, */
#define PAUSE_NS (100 * 1000 * 1000)
/* and how long they go on while ranks say that nobody leads, or are silent. */
#define LEADERLESS_MS 30000
#define SILENT_MS 20000

int api_open(struct api *api, struct berth_error *err)
{
	api->contact = contact_find(api->dir, err);
	return api->contact ? 0 : -1;
}

void api_close(struct api *api)
{
	contact_destroy(api->contact);
	api->contact = NULL;
}

static enum berth_code code_of_status(int status)
{
	switch (status) {
	case 400:
		return BERTH_EINPUT;
	case 401:
	case 403:
		return BERTH_EAUTH;
	case 404:
		return BERTH_ENOTFOUND;
	case 409:
	case 410:
		return BERTH_ECONFLICT;
	case 413:
		return BERTH_ELIMIT;
	case 503:
		return BERTH_EUNAVAIL;
	case 507:
		return BERTH_ESPACE;
	default:
		return BERTH_ESYS;
	}
}

int api_refusal(const struct api *api, int status, const char *body,
		struct berth_error *err)
{
	json_t *root = json_loads(body, 0, NULL);
	const char *text = json_string_value(json_object_get(root, "error"));
	enum berth_code code = code_of_status(status);

	if (text)
		error_set(err, code, "%s", text);
	else if (code == BERTH_EAUTH)
		error_set(err, code, "%s does not accept the token in %s",
			  api_uri(api), api->contact->source);
	else
		error_set(err, code, "%s answered with HTTP status %d",
			  api_uri(api), status);
	json_decref(root);
	return -1;
}

/* Who wants to know why nobody answers, wants to know where we looked. */
static void blame_contact(const struct api *api, struct berth_error *err)
{
	if (err && err->code == BERTH_EUNAVAIL)
		error_set(err, err->code, "%s (as %s says); has this Berth "
					  "ended?",
			  err->text, api->contact->source);
}

const char *api_uri(const struct api *api)
{
	return servers_now(api->contact->servers);
}

bool api_elsewhere(struct api *api, int status, const char *body)
{
	struct servers *servers = api->contact->servers;
	json_t *root;
	const char *leader;
	bool again = false;

	if (status != 307 && status != 503)
		return false;
	root = json_loads(body, 0, NULL);
	leader = json_string_value(json_object_get(root, "leader"));
	if (status == 307 && leader) {
		servers_refer(servers, leader);
		again = true;
	} else if (json_object_get(root, "retry_ms")) {
		servers_next(servers);
		again = true;
	}
	json_decref(root);
	return again;
}

void api_look_again(struct api *api)
{
	struct contact *c = contact_find(api->dir, NULL);

	if (c == NULL)
		return;
	/* The one that is asked now stays, if it is still one of them. */
	if (!servers_knows(c->servers, api_uri(api))) {
		contact_destroy(api->contact);
		api->contact = c;
		return;
	}
	servers_refer(c->servers, api_uri(api));
	contact_destroy(api->contact);
	api->contact = c;
}

/* Where one call stands. */
struct attempt {
	unsigned silent, referred;
	long long begin_ms;
};

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Is the call to be made again, somewhere else?  Ranks that say that nobody
 * leads will soon know of somebody; where none answers at all there is hope
 * for as long as it takes to ask all of them twice. */
static bool hopeful(struct api *api, struct attempt *a, int status,
		    const char *body)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	long long past = now_ms() - a->begin_ms;
	size_t n = servers_count(api->contact->servers);

	if (status < 0) {
		if (n < 2 || past > SILENT_MS || ++a->silent > 2 * n)
			return false;
		servers_next(api->contact->servers);
		if (a->silent % n == 0)
			api_look_again(api);
	} else if (past > LEADERLESS_MS || !api_elsewhere(api, status, body)) {
		return false;
	}
	if (status != 307 || ++a->referred > 3)
		nanosleep(&pause, NULL);
	return true;
}

/* How often all ranks have been asked without an answer. */
static unsigned rounds(const struct api *api, const struct attempt *a)
{
	size_t n = servers_count(api->contact->servers);

	return n > 0 ? (unsigned)(a->silent / n) : 0;
}

/* May the same question be put to a second rank while the first may yet act
 * on it? */
static bool repeatable(const struct api *api, const char *method)
{
	return api->key != NULL || strcmp(method, "GET") == 0;
}

static unsigned answer_ms(const struct api *api, const struct attempt *a,
			  const char *method, unsigned timeout_ms)
{
	if (timeout_ms != 0)
		return timeout_ms;
	return servers_count(api->contact->servers) > 1 &&
			       repeatable(api, method)
		       ? ONE_OF_SEVERAL_MS << rounds(api, a)
		       : ANSWER_MS;
}

static unsigned connect_ms(const struct api *api, const struct attempt *a)
{
	return servers_count(api->contact->servers) > 1
		       ? CONNECT_MS << rounds(api, a)
		       : 0;
}

int api_call(struct api *api, const char *method, const char *path,
	     const json_t *body, json_t **answer, unsigned timeout_ms,
	     struct berth_error *err)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	char *header = api->key ? mem_printf("Idempotency-Key: %s", api->key)
				: NULL;
	struct attempt attempt = {.begin_ms = now_ms()};
	char *got = NULL;
	int status, rc = -1;

	do {
		free(got);
		got = NULL;
		status = http_fetch_with(api_uri(api), api->contact->token,
					 header, method, path, text,
					 text ? strlen(text) : 0, &got, NULL,
					 connect_ms(api, &attempt),
					 answer_ms(api, &attempt, method,
						   timeout_ms), err);
	} while (hopeful(api, &attempt, status, got));
	if (status < 0) {
		blame_contact(api, err);
	} else if (status >= 300) {
		api_refusal(api, status, got, err);
	} else {
		if (answer)
			*answer = json_loads(got, JSON_DECODE_ANY, NULL);
		rc = 0;
	}
	free(got);
	free(header);
	free(text);
	return rc;
}

int api_get(struct api *api, const char *path, json_t **answer,
	    struct berth_error *err)
{
	*answer = NULL;
	if (api_call(api, "GET", path, NULL, answer, 0, err) != 0)
		return -1;
	if (*answer == NULL)
		return error_set(err, BERTH_EPROTO,
				 "%s: the answer to %s is no JSON",
				 api_uri(api), path);
	return 0;
}

int api_job_id(const char *text, long long *job, long long *task,
	       struct berth_error *err)
{
	char *name = mem_strdup(text);
	char *dot = strchr(name, '.');
	int rc = 0;

	if (dot)
		*dot = '\0';
	if (parse_count("job", name, job, NULL) != 0 ||
	    (dot && (task == NULL ||
		     parse_count("task", dot + 1, task, NULL) != 0)))
		rc = error_set(err, BERTH_EINPUT, "'%s' is no job's number%s",
			       text, task ? " (nor a task's, as 12.0)" : "");
	free(name);
	return rc;
}

void api_print_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(value);
}

const char *api_str(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : "";
}

long long api_int(const json_t *object, const char *name)
{
	return (long long)json_number_value(json_object_get(object, name));
}
