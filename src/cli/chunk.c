/* chunk.c - see chunk.h. */
#include "cli/chunk.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int digit64(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int chunk_decode64(const char *text, struct buf *out)
{
	size_t len = strlen(text);

	if (len % 4 != 0)
		return -1;
	buf_reserve(out, len);
	for (size_t i = 0; i < len; i += 4) {
		int pad = text[i + 3] == '=' ? 1 + (text[i + 2] == '=') : 0;
		unsigned v = 0;
		char bytes[3];

		if (pad > 0 && i + 4 != len)
			return -1;
		for (size_t k = 0; k < 4 - (size_t)pad; k++) {
			int d = digit64((unsigned char)text[i + k]);

			if (d < 0)
				return -1;
			v |= (unsigned)d << (18 - 6 * k);
		}
		bytes[0] = (char)(v >> 16);
		bytes[1] = (char)(v >> 8);
		bytes[2] = (char)v;
		buf_add(out, bytes, 3 - (size_t)pad);
	}
	return 0;
}

/* ---- the usual line ----
 *
 * Nearly all of a stream is text in lines as the leader writes them; these are
 * read here, several times as fast as by a JSON library.  Anything else is no
 * error but left to that.
 */

static bool skip(const char **p, const char *literal)
{
	size_t n = strlen(literal);

	if (strncmp(*p, literal, n) != 0)
		return false;
	*p += n;
	return true;
}

/* Text up to the closing quote; false where it has other escapes than those
 * of one letter. */
static bool take_text(const char **p, struct buf *out)
{
	static const char escapes[] = "n\"\\/trbf";
	static const char bytes[] = "\n\"\\/\t\r\b\f";

	for (;;) {
		size_t n = strcspn(*p, "\"\\");
		const char *at;

		buf_add(out, *p, n);
		*p += n;
		if (**p == '"') {
			(*p)++;
			return true;
		}
		if ((*p)[0] != '\\' || (*p)[1] == '\0')
			return false;
		at = strchr(escapes, (*p)[1]);
		if (at == NULL)
			return false;
		buf_add(out, &bytes[at - escapes], 1);
		*p += 2;
	}
}

static bool parse_usual(struct chunk *c, const char *line)
{
	const char *p = line;
	size_t n;
	char *end;

	if (!skip(&p, "{\"task\":\""))
		return false;
	n = strcspn(p, "\"\\");
	if (n >= sizeof(c->task) || p[n] != '"')
		return false;
	memcpy(c->task, p, n);
	c->task[n] = '\0';
	p += n + 1;
	c->rank = -1;
	if (skip(&p, ",\"rank\":")) {
		c->rank = strtoll(p, &end, 10);
		p = end;
	}
	c->err = skip(&p, ",\"stream\":\"err\",\"data\":\"");
	if (!c->err && !skip(&p, ",\"stream\":\"out\",\"data\":\""))
		return false;
	buf_reserve(&c->data, strlen(p));
	return take_text(&p, &c->data) && strcmp(p, "}") == 0;
}

static int parse_any(struct chunk *c, const char *line, struct berth_error *err)
{
	json_error_t je;
	json_t *root = json_loads(line, JSON_ALLOW_NUL, &je);
	const json_t *text = json_object_get(root, "data");
	const char *text64 = json_string_value(json_object_get(root, "data64"));
	const json_t *rank = json_object_get(root, "rank");
	int rc = 0;

	if (!json_is_object(root)) {
		rc = error_set(err, BERTH_EPROTO,
			       "the output stream holds what is no JSON "
			       "object: %.60s",
			       line);
		goto out;
	}
	c->end = json_is_true(json_object_get(root, "end"));
	c->ended = json_object_get(root, "exit_code") != NULL;
	c->exit_code = (int)api_int(root, "exit_code");
	snprintf(c->outcome, sizeof(c->outcome), "%s",
		 api_str(root, "outcome"));
	snprintf(c->task, sizeof(c->task), "%s", api_str(root, "task"));
	c->rank = rank ? json_integer_value(rank) : -1;
	c->err = strcmp(api_str(root, "stream"), "err") == 0;
	if (text)
		buf_add(&c->data, json_string_value(text),
			json_string_length(text));
	else if (text64 && chunk_decode64(text64, &c->data) != 0)
		rc = error_set(err, BERTH_EPROTO,
			       "the output stream holds broken base64");
out:
	json_decref(root);
	return rc;
}

int chunk_parse(struct chunk *c, const char *line, struct berth_error *err)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->data);
	if (parse_usual(c, line))
		return 0;
	buf_clear(&c->data);
	return parse_any(c, line, err);
}

void chunk_finish(struct chunk *c)
{
	buf_finish(&c->data);
}

void chunk_key(const struct chunk *c, char *out, size_t size)
{
	snprintf(out, size, "%s/%lld/%s", c->task, c->rank,
		 c->err ? "err" : "out");
}

static void add_mark(const struct chunk *c, enum spec_tag tag, struct buf *out)
{
	const char *dot = strchr(c->task, '.');
	const char *index = dot ? dot + 1 : c->task;
	int job = dot ? (int)(dot - c->task) : 0;
	char who[32];

	if (c->rank >= 0)
		snprintf(who, sizeof(who), "%lld", c->rank);
	else
		snprintf(who, sizeof(who), "%s", index);
	if (tag == TAG_LABEL)
		buf_printf(out, "%s: ", who);
	else
		buf_printf(out, "[%.*s,%s]<std%s>: ", job, c->task, who,
			   c->err ? "err" : "out");
}

void chunk_show(const struct chunk *c, enum spec_tag tag, const char *data,
		size_t len, struct buf *out)
{
	while (tag != TAG_NONE && len > 0) {
		const char *nl = memchr(data, '\n', len);
		size_t n = nl ? (size_t)(nl - data) : len;

		add_mark(c, tag, out);
		buf_add(out, data, n);
		buf_puts(out, "\n");
		n += nl != NULL;
		data += n;
		len -= n;
	}
	buf_add(out, data, len);
}
