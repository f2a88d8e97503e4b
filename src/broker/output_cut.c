#include "broker/output_cut.h"

#include <string.h>

#include "broker/json_text.h"

/* A line longer than this is cut after all. */
#define LINE_MOST (1u << 20)

void output_cut_init(struct output_cut *c, bool lines)
{
	buf_init(&c->carry);
	c->lines = lines;
}

void output_cut_finish(struct output_cut *c)
{
	buf_finish(&c->carry);
}

static void chunk(const struct output_tag *tag, const char *data, size_t len,
		  bool text, struct buf *out)
{
	if (len == 0)
		return;
	buf_printf(out, "{\"task\":\"%llu.%u\"", (unsigned long long)tag->job,
		   tag->task);
	if (tag->rank >= 0)
		buf_printf(out, ",\"rank\":%d", tag->rank);
	buf_puts(out, tag->err ? ",\"stream\":\"err\"" : ",\"stream\":\"out\"");
	if (text) {
		buf_puts(out, ",\"data\":");
		json_text_string(out, data, len);
	} else {
		buf_puts(out, ",\"data64\":");
		json_text_base64(out, data, len);
	}
	buf_puts(out, "}\n");
}

/* How much of data may go out now. */
static size_t cut_at(const struct output_cut *c, const char *data, size_t len)
{
	const char *nl;

	if (!c->lines)
		return len;
	nl = memrchr(data, '\n', len);
	if (nl != NULL)
		return (size_t)(nl - data) + 1;
	return len >= LINE_MOST ? len : 0;
}

void output_cut_add(struct output_cut *c, const struct output_tag *tag,
		    const char *data, size_t len, bool last, struct buf *out)
{
	size_t take, valid;
	bool cut;

	if (c->carry.len > 0) {
		buf_add(&c->carry, data, len);
		data = c->carry.data;
		len = c->carry.len;
	}
	take = last ? len : cut_at(c, data, len);
	valid = json_utf8_prefix(data, take, &cut);
	if (valid < take && cut && !last)
		take = valid;
	chunk(tag, data, take, valid >= take, out);
	if (data == c->carry.data) {
		buf_drain(&c->carry, take);
		if (last)
			buf_clear(&c->carry);
	} else {
		buf_add(&c->carry, data + take, len - take);
	}
}
