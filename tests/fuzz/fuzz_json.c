/* Request objects of the HTTP API, and the bytes that tasks print on their way
 * into JSON (the first byte says which). */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/json_decode.h"
#include "broker/json_demand.h"
#include "broker/json_launch.h"
#include "broker/json_spec.h"
#include "broker/json_text.h"
#include "broker/output_cut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One or the other, and the words for it. */
static void check(int good, const struct berth_error *err)
{
	if (!good && (err->text[0] == '\0' || strchr(err->text, '\n') != NULL))
		abort();
}

static void spec(json_t *v)
{
	struct berth_error err = {0};
	struct job_spec *s = json_spec_decode(json_incref(v), &err);
	struct demand *d = NULL;

	check(s != NULL, &err);
	if (s != NULL) {
		if (!json_is_name(s->name) || !json_is_name(s->role))
			abort();
		d = json_spec_unit(s, &err);
		check(d != NULL, &err);
	}
	demand_destroy(d);
	json_spec_destroy(s);
}

static void demand(json_t *v)
{
	struct berth_error err = {0};
	struct demand *d = json_demand_decode(v, "demand", &err);

	check(d != NULL, &err);
	if (d != NULL && (d->unit.cores == 0 || d->id[0] == '\0'))
		abort();
	demand_destroy(d);
}

static void launch(json_t *v)
{
	struct berth_error err = {0};
	struct launch_call c;
	struct job_spec *s = json_spec_decode(
		json_pack("{s:s, s:[s]}", "framework", "f", "argv", "x"), &err);

	if (s == NULL)
		abort();
	if (json_launch_decode(v, s, &c, &err) == 0) {
		if (c.ntasks == 0 || c.napps == 0)
			abort();
		json_launch_finish(&c);
	} else {
		check(0, &err);
	}
	json_spec_destroy(s);
}

static int digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static void add_base64(struct buf *out, const char *s)
{
	for (; s[0] != '\0'; s += 4) {
		uint32_t v = 0;
		size_t n = s[2] == '=' ? 1 : s[3] == '=' ? 2 : 3;
		char b[3];

		for (int i = 0; i < 4; i++)
			v = v << 6 | (digit(s[i]) > 0 ? (uint32_t)digit(s[i])
						       : 0);
		b[0] = (char)(v >> 16);
		b[1] = (char)(v >> 8);
		b[2] = (char)v;
		buf_add(out, b, n);
	}
}

/* What comes out of the chunks is what went in. */
static void output(const char *text, size_t size, bool lines, size_t step)
{
	const struct output_tag tag = {1, 2, -1, false};
	struct output_cut c;
	struct buf out, back;

	output_cut_init(&c, lines);
	buf_init(&out);
	buf_init(&back);
	for (size_t at = 0; at < size; at += step)
		output_cut_add(&c, &tag, text + at,
			       size - at < step ? size - at : step, false,
			       &out);
	output_cut_add(&c, &tag, "", 0, true, &out);
	for (size_t at = 0; at < out.len;) {
		size_t n = (size_t)((char *)memchr(out.data + at, '\n',
						   out.len - at) -
				    (out.data + at)) + 1;
		json_t *v = json_loadb(out.data + at, n, JSON_ALLOW_NUL, NULL);
		json_t *d = json_object_get(v, "data");

		if (v == NULL)
			abort();
		if (d != NULL)
			buf_add(&back, json_string_value(d),
				json_string_length(d));
		else
			add_base64(&back, json_string_value(json_object_get(
						  v, "data64")));
		json_decref(v);
		at += n;
	}
	if (back.len != size ||
	    (size > 0 && memcmp(back.data, text, size) != 0))
		abort();
	output_cut_finish(&c);
	buf_finish(&out);
	buf_finish(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;
	struct berth_error err = {0};
	json_t *v;

	if (size == 0)
		return 0;
	if (data[0] == 'o' || data[0] == 'O') {
		output(text, size - 1, data[0] == 'O', 1 + size % 7);
		return 0;
	}
	v = json_decode_text(text, size - 1, &err);
	check(v != NULL, &err);
	if (v == NULL)
		return 0;
	switch (data[0]) {
	case 's': spec(v); break;
	case 'd': demand(v); break;
	default: launch(v); break;
	}
	json_decref(v);
	return 0;
}
