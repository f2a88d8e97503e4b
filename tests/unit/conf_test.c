/* conf_test.c - conf, and where. */
#include "io/conf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/where.h"
#include "unit.h"

static const char good[] = "# a Berth\n"
			   "broker: { port = 7070; host = \"n1\"; };\n"
			   "roles = ( { name = \"a\"; weight = 2; },\n"
			   "          { name = \"b\"; weight = 0.5; } );\n"
			   "big = 5000000000L;\n"
			   "on = true;\n"
			   "list = [1, 2, 3];\n";

static void test_get(void)
{
	struct berth_error err;
	struct conf *c = conf_parse(good, "b.conf", &err);
	const char *s = "unset";
	long long n = -1;
	double d = 0;
	bool on = false;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_EQUAL(conf_int(c, "broker.port", 1, 65535, &n, &err), 1);
	CU_ASSERT_EQUAL(n, 7070);
	CU_ASSERT_EQUAL(conf_string(c, "broker.user", &s, &err), 0);
	CU_ASSERT_STRING_EQUAL(s, "unset");
	CU_ASSERT_EQUAL(conf_string(c, "broker.host", &s, &err), 1);
	CU_ASSERT_STRING_EQUAL(s, "n1");
	CU_ASSERT_EQUAL(conf_length(c, "roles", &err), 2);
	CU_ASSERT_EQUAL(conf_string(c, "roles.[1].name", &s, &err), 1);
	CU_ASSERT_STRING_EQUAL(s, "b");
	CU_ASSERT_EQUAL(conf_string(c, "roles.[0].name", &s, &err), 1);
	CU_ASSERT_EQUAL(conf_double(c, "roles.[0].weight", 0, 9, &d, &err), 1);
	CU_ASSERT_DOUBLE_EQUAL(d, 2, 0);
	CU_ASSERT_EQUAL(conf_double(c, "roles.[1].weight", 0, 9, &d, &err), 1);
	CU_ASSERT_DOUBLE_EQUAL(d, 0.5, 0);
	CU_ASSERT_EQUAL(conf_int(c, "big", 0, 1LL << 40, &n, &err), 1);
	CU_ASSERT_EQUAL(n, 5000000000LL);
	CU_ASSERT_EQUAL(conf_bool(c, "on", &on, &err), 1);
	CU_ASSERT(on);
	CU_ASSERT_EQUAL(conf_length(c, "list", &err), 3);
	CU_ASSERT_EQUAL(conf_length(c, "nothing", &err), 0);
	CU_ASSERT_STRING_EQUAL(conf_member(c, "broker", 1), "host");
	CU_ASSERT_PTR_NULL(conf_member(c, "broker", 2));
	CU_ASSERT_STRING_EQUAL(conf_where(c, "broker.port"), "b.conf:2");
	CU_ASSERT_EQUAL(conf_done(c, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, "b.conf:7: unknown setting list.[0]");
	for (int i = 0; i < 3; i++) {
		char *path = mem_printf("list.[%d]", i);

		CU_ASSERT_EQUAL(conf_int(c, path, 0, 9, &n, &err), 1);
		free(path);
	}
	CU_ASSERT_EQUAL(conf_done(c, &err), 0);
	conf_destroy(c);
	conf_destroy(NULL);
}

static void test_wrong(void)
{
	struct berth_error err;
	struct conf *c = conf_parse(good, "b.conf", &err);
	const char *s = "unset";
	long long n = -1;
	double d;
	bool b;

	CU_ASSERT_EQUAL(conf_int(c, "broker.port", 1, 1024, &n, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text,
			       "b.conf:2: broker.port must be a whole number "
			       "from 1 to 1024");
	CU_ASSERT_EQUAL(n, -1);
	CU_ASSERT_EQUAL(err.code, BERTH_EINPUT);
	CU_ASSERT_EQUAL(conf_int(c, "broker.host", 0, 9, &n, &err), -1);
	CU_ASSERT_EQUAL(conf_string(c, "on", &s, &err), -1);
	CU_ASSERT_STRING_EQUAL(
		err.text, "b.conf:6: on must be a string in double quotes");
	CU_ASSERT_EQUAL(conf_bool(c, "broker.port", &b, &err), -1);
	CU_ASSERT_EQUAL(conf_double(c, "on", 0, 1, &d, &err), -1);
	CU_ASSERT_EQUAL(conf_length(c, "on", &err), -1);
	conf_destroy(c);
}

static void test_unknown(void)
{
	struct berth_error err;
	struct conf *c = conf_parse("brokr: { port = 1; };\n", "x", &err);
	long long n;

	CU_ASSERT_EQUAL(conf_int(c, "broker.port", 0, 9, &n, &err), 0);
	CU_ASSERT_EQUAL(conf_done(c, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, "x:1: unknown setting brokr.port (did "
					 "you mean broker.port?)");
	conf_destroy(c);
	c = conf_parse("empty = ();", "x", &err);
	CU_ASSERT_EQUAL(conf_done(c, &err), -1);
	CU_ASSERT_EQUAL(conf_length(c, "empty", &err), 0);
	CU_ASSERT_EQUAL(conf_done(c, &err), 0);
	conf_destroy(c);
}

static void test_broken(void)
{
	static const struct {
		const char *text, *where;
	} cases[] = {
		{"a = 1;\nb = ;\n", "f:2: "},
		{"a = 1\nb = \"open\n", "f:"},
		{"a = 1;\n\na = 2;\n", "f:3: "},
		{"ok = 1;\n  @include \"/etc/passwd\"\n", "f:2: @include"},
		{"\x80\xff", "f:1: "},
	};
	struct berth_error err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_PTR_NULL(conf_parse(cases[i].text, "f", &err));
		CU_ASSERT_EQUAL(strncmp(err.text, cases[i].where,
					strlen(cases[i].where)),
				0);
	}
	CU_ASSERT_PTR_NULL(conf_read("/nonexistent/b.conf", &err));
	CU_ASSERT_EQUAL(err.code, BERTH_EINPUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nonexistent/b.conf"));
	CU_ASSERT_PTR_NULL(conf_read("/tmp", &err));
	CU_ASSERT_PTR_NULL(conf_read("/dev/zero", &err));
}

static void test_where(void)
{
	char dir[] = "/tmp/berth-where-XXXXXX";
	struct berth_error err;
	char *program, *plugin, *path, *list;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	program = mem_printf("%s/berth-thing", dir);
	plugin = mem_printf("%s/odd.so", dir);
	fclose(fopen(program, "w"));
	fclose(fopen(plugin, "w"));
	setenv("BERTH_LIBEXEC", dir, 1);
	/* There, but not executable. */
	CU_ASSERT_PTR_NULL(where_program("berth-thing", &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, dir));
	chmod(program, 0700);
	path = where_program("berth-thing", &err);
	CU_ASSERT_STRING_EQUAL(path, program);
	free(path);
	list = mem_printf("/nonexistent::%s", dir);
	setenv("BERTH_PLUGIN_PATH", list, 1);
	path = where_plugin("odd", &err);
	CU_ASSERT_STRING_EQUAL(path, plugin);
	free(path);
	CU_ASSERT_PTR_NULL(where_plugin("../odd", &err));
	CU_ASSERT_EQUAL(err.code, BERTH_EINPUT);
	CU_ASSERT_PTR_NULL(where_plugin("even", &err));
	CU_ASSERT_EQUAL(err.code, BERTH_ENOTFOUND);
	unlink(program);
	unlink(plugin);
	rmdir(dir);
	free(program);
	free(plugin);
	free(list);
}

static const struct unit_test tests[] = {
	{"getters", test_get},	      {"wrong settings", test_wrong},
	{"unknown settings", test_unknown}, {"broken files", test_broken},
	{"where our parts lie", test_where},
};

UNIT_MAIN("conf, where", tests)
