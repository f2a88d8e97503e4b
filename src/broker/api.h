/*
 * api.h - helps the handlers of the HTTP API: what they are asked, and how they
 * answer.
 */
#ifndef BROKER_API_H
#define BROKER_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/http.h"

/* Answer with v, which is taken over. */
void api_reply(struct http_request *req, int status, json_t *v);
/* Answer with the text of err and a status of the caller's. */
void api_reply_status(struct http_request *req, int status,
		      const struct berth_error *err);
/* Answer one that had to wait too long: this leader ends. */
void api_reply_ending(struct http_request *req);
/* Answer 503 with text: the caller may ask again at once, here or at another
 * rank ("retry_ms" is in the answer). */
void api_reply_again(struct http_request *req, const char *text);
/* The body as an object; NULL: answered with the error.  An empty body is an
 * empty object. */
json_t *api_body(struct http_request *req);
/* A query parameter as an integer; *out is left alone when absent.  -1 names
 * it in err. */
int api_query_int(struct http_request *req, const char *name, int64_t min,
		  int64_t max, int64_t *out, struct berth_error *err);
/* "1", "true", "" are true, "0", "false" and absence false. */
int api_query_bool(struct http_request *req, const char *name, bool *out,
		   struct berth_error *err);

#endif
