/*
 * api.h - one command's talk with a Berth: the options that every command
 * has, the contact, and blocking calls with JSON both ways.
 */
#ifndef CLI_API_H
#define CLI_API_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "cli/contact.h"
#include "cli/opts.h"

/* Embedded; start with {0}. */
struct api {
	const char *dir; /* --dir */
	bool json;	 /* --json */
	struct contact *contact;
	const char *key; /* of the next POST: "Idempotency-Key", or NULL */
};

/* Rows of an option table for the fields above. */
#define API_OPTS(api)                                                          \
	{"json", OPT_FLAG, &(api)->json, NULL, "print JSON"},                  \
	{                                                                      \
		"dir", OPT_STRING, &(api)->dir, "DIR",                         \
			"the Berth's state directory"                          \
	}

/* Find the Berth. */
int api_open(struct api *api, struct berth_error *err);
void api_close(struct api *api);

/* Who is asked now. */
const char *api_uri(const struct api *api);
/* An answer said that it is not from the leader: ask whom it names, or the
 * next one, and say so with true; false: it is an answer. */
bool api_elsewhere(struct api *api, int status, const char *body);
/* Look into the contact file again: there may be others by now. */
void api_look_again(struct api *api);

/*
 * One call, repeated at the ranks until the one that leads has answered, while
 * there is hope of that.  body may be NULL; *answer (may be NULL) is the caller's, NULL
 * when the answer was no JSON.  A status of 4xx or 5xx is an error with the
 * server's text.  Waits as long as it takes to connect, and timeout_ms (0:
 * 30 s) for the answer.
 */
int api_call(struct api *api, const char *method, const char *path,
	     const json_t *body, json_t **answer, unsigned timeout_ms,
	     struct berth_error *err);
int api_get(struct api *api, const char *path, json_t **answer,
	    struct berth_error *err);

/* An error from the status and body of an answer that was none. */
int api_refusal(const struct api *api, int status, const char *body,
		struct berth_error *err);

/* "12" → 12; also "12.0", a task's name, where task is not NULL. */
int api_job_id(const char *text, long long *job, long long *task,
	       struct berth_error *err);

/* Print it as --json does, and free it. */
void api_print_json(json_t *value);

/* Members with a default where they are missing. */
const char *api_str(const json_t *object, const char *name);
long long api_int(const json_t *object, const char *name);

#endif
