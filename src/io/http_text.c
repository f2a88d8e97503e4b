/* http_text.c - the texts of http.h: errors as JSON, encoded queries. */
#include <event2/http.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/http.h"

/* Bytes of the UTF-8 character at p, 0 when it is none. */
static int utf8_length(const unsigned char *p)
{
	int n = 0;

	if (p[0] < 0x80)
		n = 1;
	else if (p[0] >= 0xc2 && p[0] < 0xe0)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] < 0xf0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] < 0xf5)
		n = 4;
	for (int i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Overlong forms, surrogates and what is above U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

static void add_json_string(struct buf *out, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	buf_puts(out, "\"");
	while (*p) {
		int n = utf8_length(p);

		if (n == 0)
			buf_puts(out, "?");
		else if (*p == '"' || *p == '\\')
			buf_printf(out, "\\%c", *p);
		else if (*p < 0x20)
			buf_printf(out, "\\u%04x", *p);
		else
			buf_add(out, p, (size_t)n);
		p += n ? n : 1;
	}
	buf_puts(out, "\"");
}

void http_reply_error(struct http_request *req, const struct berth_error *err)
{
	struct buf out;

	buf_init(&out);
	buf_puts(&out, "{\"error\": ");
	add_json_string(&out, err->text);
	buf_printf(&out, ", \"code\": %d}\n", (int)err->code);
	http_reply(req, error_http_status(err), "application/json", out.data,
		   out.len);
	buf_finish(&out);
}

char *http_encode(const char *s)
{
	char *encoded = evhttp_uriencode(s, -1, 0);
	char *copy = mem_strdup(encoded ? encoded : "");

	free(encoded);
	return copy;
}
