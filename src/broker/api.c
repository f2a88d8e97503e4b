#include "broker/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "broker/json_decode.h"
#include "broker/json_text.h"

/* What a caller waits who is told to come again. */
enum { RETRY_MS = 100 };

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

void api_reply_again(struct http_request *req, const char *text)
{
	http_reply_header(req, "Retry-After", "1");
	api_reply(req, 503,
		  json_pack("{s:s, s:i}", "error", text, "retry_ms",
			    RETRY_MS));
}

void api_reply_ending(struct http_request *req)
{
	api_reply_again(req, "this leader ends; try again");
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
