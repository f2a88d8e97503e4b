/* json_test.c - requests out of JSON, and bytes into it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/json_decode.h"
#include "broker/json_text.h"
#include "broker/output_cut.h"
#include "unit.h"

struct thing {
	const char *name, *text;
	bool flag;
	uint32_t count;
	int64_t big;
	json_t *list, *env;
};

#define FIELD(m, t, ...)                                                       \
	{.name = #m, .type = (t), .offset = offsetof(struct thing, m),         \
	 __VA_ARGS__}

static const struct json_field fields[] = {
	FIELD(name, JSON_T_NAME, .needed = true),
	FIELD(text, JSON_T_STRING, .max = 5),
	FIELD(flag, JSON_T_BOOL),
	FIELD(count, JSON_T_U32, .min = 1, .max = 9),
	FIELD(big, JSON_T_I64, .min = -1),
	FIELD(list, JSON_T_STRINGS, .max = 2),
	FIELD(env, JSON_T_ENV),
};

static void test_decode(void)
{
	static const struct {
		const char *text, *error; /* NULL: it is right */
	} rows[] = {
		{"{\"name\": \"a.b-c_1\", \"count\": 9, \"big\": -1}", NULL},
		{"{\"name\": \"a\", \"list\": [\"x\", \"\"], \"env\": "
		 "{\"A\": \"\"}}", NULL},
		{"", "body: no JSON"},
		{"[]", "body: an object is wanted, this is an array"},
		{"{\"name\": 1}", "name: a string is wanted, this is an "
				  "integer"},
		{"{}", "name: is missing"},
		{"{\"name\": \"a/b\"}", "name: a name is"},
		{"{\"name\": \"\"}", "name: a name is"},
		{"{\"name\": \"a\", \"name\": \"b\"}", "duplicate"},
		{"{\"name\": \"a\\u0000b\"}", "body: no JSON"},
		{"{\"name\": \"a\", \"cuont\": 1}", "\"count\" is known"},
		{"{\"name\": \"a\", \"zzzzz\": 1}",
		 "unknown member \"zzzzz\""},
		{"{\"name\": \"a\", \"text\": \"123456\"}",
		 "text: longer than 5"},
		{"{\"name\": \"a\", \"flag\": 1}",
		 "flag: true or false is wanted, this is an integer"},
		{"{\"name\": \"a\", \"flag\": null}", "this is null"},
		{"{\"name\": \"a\", \"count\": 0}",
		 "count: 0 is not between 1 and 9"},
		{"{\"name\": \"a\", \"count\": 10}", "not between"},
		{"{\"name\": \"a\", \"count\": 1.5}", "this is a fraction"},
		{"{\"name\": \"a\", \"count\": \"1\"}", "this is a string"},
		{"{\"name\": \"a\", \"big\": -2}", "big: -2 is not between"},
		{"{\"name\": \"a\", \"big\": 99999999999999999999}",
		 "body: no JSON"},
		{"{\"name\": \"a\", \"list\": \"x\"}", "list: an array"},
		{"{\"name\": \"a\", \"list\": [\"x\", 2]}", "list[1]: a "
							    "string"},
		{"{\"name\": \"a\", \"list\": [\"\",\"\",\"\"]}",
		 "list: more than 2"},
		{"{\"name\": \"a\", \"env\": {\"A=B\": \"\"}}",
		 "env.A=B: not a name"},
		{"{\"name\": \"a\", \"env\": {\"A\": 1}}", "env.A: a string"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct berth_error err = {0};
		struct thing out = {0};
		json_t *v = json_decode_text(rows[i].text,
					     strlen(rows[i].text), &err);
		int rc = v != NULL ? JSON_DECODE(v, "", fields, &out, &err)
				   : -1;

		CU_ASSERT_EQUAL(rc, rows[i].error == NULL ? 0 : -1);
		if (rows[i].error != NULL &&
		    strstr(err.text, rows[i].error) == NULL)
			CU_FAIL(err.text);
		json_decref(v);
	}
}

/* What is absent keeps its value; places are named by their path. */
static void test_defaults(void)
{
	struct thing out = {.count = 7, .text = "kept"};
	struct berth_error err = {0};
	json_t *v = json_pack("{s:s}", "name", "x");

	CU_ASSERT_EQUAL(JSON_DECODE(v, "a.b", fields, &out, &err), 0);
	CU_ASSERT_EQUAL(out.count, 7);
	CU_ASSERT_STRING_EQUAL(out.text, "kept");
	json_object_set_new(v, "count", json_integer(0));
	CU_ASSERT_EQUAL(JSON_DECODE(v, "a.b", fields, &out, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a.b.count: "));
	json_decref(v);
}

static void test_utf8(void)
{
	static const struct {
		const char *s;
		size_t valid;
		bool cut;
	} rows[] = {
		{"plain text of some length", 25, false},
		{"\xc3\xa4", 2, false},
		{"a\xc3", 1, true},
		{"a\xe2\x82", 1, true},
		{"\xe2\x82\xac" "12345678", 11, false},
		{"\xf0\x9f\x98\x80", 4, false},
		{"ab\xff", 2, false},
		{"\xc0\x80", 0, false},	    /* overlong */
		{"\xed\xa0\x80", 0, false}, /* surrogate */
		{"\xf4\x90\x80\x80", 0, false},
		{"\xe0\x80", 0, false},
		{"12345678\x80", 8, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool cut;

		CU_ASSERT_EQUAL(json_utf8_prefix(rows[i].s, strlen(rows[i].s),
						 &cut),
				rows[i].valid);
		CU_ASSERT_EQUAL(cut, rows[i].cut);
	}
}

/* Each byte value at each place of a word survives the way through JSON. */
static void test_escape(void)
{
	for (unsigned c = 1; c < 128; c++)
		for (size_t at = 0; at < 18; at++) {
			char s[19] = "aaaaaaaaaaaaaaaaaa";
			struct buf b;
			json_t *v;

			s[at] = (char)c;
			buf_init(&b);
			json_text_string(&b, s, 18);
			v = json_loadb(b.data, b.len, JSON_DECODE_ANY, NULL);
			CU_ASSERT_PTR_NOT_NULL_FATAL(v);
			CU_ASSERT_STRING_EQUAL(json_string_value(v), s);
			json_decref(v);
			buf_finish(&b);
		}
}

static void test_safe(void)
{
	json_t *v = json_text_safe("a\xff\xc3\xa4\xc3");

	CU_ASSERT_STRING_EQUAL(json_string_value(v), "a?\xc3\xa4?");
	json_decref(v);
	v = json_text_safe(NULL);
	CU_ASSERT_STRING_EQUAL(json_string_value(v), "");
	json_decref(v);
}

static void test_base64(void)
{
	static const char *const rows[][2] = {
		{"", "\"\""}, {"f", "\"Zg==\""}, {"fo", "\"Zm8=\""},
		{"foo", "\"Zm9v\""}, {"foobar", "\"Zm9vYmFy\""}};

	for (size_t i = 0; i < 5; i++) {
		struct buf b;

		buf_init(&b);
		json_text_base64(&b, rows[i][0], strlen(rows[i][0]));
		CU_ASSERT_STRING_EQUAL(b.data, rows[i][1]);
		buf_finish(&b);
	}
}

/* Put the chunks' data together again; counts the chunks. */
static size_t join(const struct buf *out, struct buf *text)
{
	const char *p = out->data, *nl;
	size_t n = 0;

	buf_clear(text);
	for (; p != NULL && *p != '\0'; p = nl + 1, n++) {
		json_t *v, *data;

		nl = strchr(p, '\n');
		CU_ASSERT_PTR_NOT_NULL_FATAL(nl);
		v = json_loadb(p, (size_t)(nl - p), 0, NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(v);
		data = json_object_get(v, "data");
		if (data != NULL)
			buf_add(text, json_string_value(data),
				json_string_length(data));
		else
			buf_puts(text, "<64>");
		json_decref(v);
	}
	return n;
}

static void cut_all(bool lines, const char *const *pieces, const char *want,
		    size_t chunks)
{
	const struct output_tag tag = {12, 3, 1, true};
	struct output_cut c;
	struct buf out, text;

	buf_init(&out);
	buf_init(&text);
	output_cut_init(&c, lines);
	for (; *pieces != NULL; pieces++)
		output_cut_add(&c, &tag, *pieces, strlen(*pieces), false, &out);
	output_cut_add(&c, &tag, "", 0, true, &out);
	CU_ASSERT_EQUAL(join(&out, &text), chunks);
	CU_ASSERT_STRING_EQUAL(text.data, want);
	if (out.len > 0)
		CU_ASSERT_PTR_NOT_NULL(strstr(
			out.data, "{\"task\":\"12.3\",\"rank\":1,\"stream\":"
				  "\"err\","));
	output_cut_finish(&c);
	buf_finish(&out);
	buf_finish(&text);
}

static void test_cut(void)
{
	static const char *const plain[] = {"ab", "cd\n", NULL};
	static const char *const split[] = {"a\xe2", "\x82", "\xac" "b", NULL};
	static const char *const lines[] = {"one\ntw", "o", "\nthree", NULL};
	static const char *const bad[] = {"ok", "\xff\xfe", "ok", NULL};
	static const char *const open[] = {"a\xe2\x82", NULL};

	cut_all(false, plain, "abcd\n", 2);
	/* The second piece alone completes nothing. */
	cut_all(false, split, "a\xe2\x82\xac" "b", 2);
	cut_all(true, lines, "one\ntwo\nthree", 3);
	cut_all(false, bad, "ok<64>ok", 3);
	cut_all(false, open, "a<64>", 2);
}

static const struct unit_test tests[] = {
	{"decode", test_decode},     {"defaults", test_defaults},
	{"utf8", test_utf8},	     {"escape", test_escape},
	{"safe", test_safe},	     {"base64", test_base64},
	{"output_cut", test_cut},
};

UNIT_MAIN("json", tests)
