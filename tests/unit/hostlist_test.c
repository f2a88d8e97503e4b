/* hostlist_test.c - names of hosts as Slurm writes them. */
#include "model/hostlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "unit.h"

static void gives(const char *list, const char *names)
{
	struct berth_error err = {0};
	size_t n;
	char **at = hostlist_expand(list, &n, &err);
	struct buf b;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	buf_init(&b);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", at[i]);
	CU_ASSERT_STRING_EQUAL(b.data, names);
	CU_ASSERT_PTR_NULL(at[n]);
	buf_finish(&b);
	mem_strv_free(at);
}

static void refuses(const char *list, const char *why)
{
	struct berth_error err = {0};
	size_t n;

	CU_ASSERT_PTR_NULL(hostlist_expand(list, &n, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
	if (strstr(err.text, why) == NULL)
		printf("\n%s: %s\n", list, err.text);
}

static void test_good(void)
{
	gives("a", "a");
	gives("a,b-1,c", "a b-1 c");
	gives("n[1-3]", "n1 n2 n3");
	gives("n[1-2,7],x", "n1 n2 n7 x");
	gives("n[08-11]-ib", "n08-ib n09-ib n10-ib n11-ib");
	gives("r[1-2]n[01,3]", "r1n01 r1n3 r2n01 r2n3");
	gives("[1-2]", "1 2");
}

static void test_bad(void)
{
	refuses("", "empty");
	refuses("a,,b", "empty");
	refuses("a,", "empty");
	refuses("n[1-", "] is missing");
	refuses("n1]", "too many");
	refuses("n[[1]]", "too many");
	refuses("n[]", "number");
	refuses("n[1,]", "number");
	refuses("n[3-1]", "below");
	refuses("n[1-x]", "range");
	refuses("n[1x]", "belong");
	refuses("n[1-9999999999]", "range");
	refuses("n[1-9999]m[1-9999]", "more than");
}

static const struct unit_test tests[] = {
	{"good", test_good},
	{"bad", test_bad},
};

UNIT_MAIN("hostlists", tests)
