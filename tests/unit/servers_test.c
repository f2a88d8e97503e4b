/* servers_test.c - whom of a Berth's ranks a client asks. */
#include "io/servers.h"
#include "unit.h"

static void test_round(void)
{
	struct servers *s = servers_create(" http://a:1  http://b:2 http://a:1 ");

	CU_ASSERT_EQUAL(servers_count(s), 2);
	CU_ASSERT_STRING_EQUAL(servers_now(s), "http://a:1");
	servers_next(s);
	CU_ASSERT_STRING_EQUAL(servers_now(s), "http://b:2");
	servers_next(s);
	CU_ASSERT_STRING_EQUAL(servers_now(s), "http://a:1");
	servers_destroy(s);
}

static void test_refer(void)
{
	struct servers *s = servers_create("http://a:1 http://b:2");

	servers_refer(s, "http://c:3");
	CU_ASSERT_EQUAL(servers_count(s), 3);
	CU_ASSERT_STRING_EQUAL(servers_now(s), "http://c:3");
	CU_ASSERT_TRUE(servers_knows(s, "http://b:2"));
	CU_ASSERT_FALSE(servers_knows(s, "http://b:3"));
	servers_refer(s, "http://b:2");
	CU_ASSERT_EQUAL(servers_count(s), 3);
	CU_ASSERT_STRING_EQUAL(servers_now(s), "http://b:2");
	servers_destroy(s);
}

static void test_none(void)
{
	struct servers *s = servers_create("");

	CU_ASSERT_EQUAL(servers_count(s), 0);
	CU_ASSERT_STRING_EQUAL(servers_now(s), "");
	servers_next(s);
	CU_ASSERT_STRING_EQUAL(servers_now(s), "");
	servers_destroy(s);
	servers_destroy(NULL);
}

static const struct unit_test tests[] = {
	{"one after the other", test_round},
	{"referred", test_refer},
	{"none", test_none},
};

UNIT_MAIN("servers", tests)
