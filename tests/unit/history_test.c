/* history_test.c - accounting: kept once, found by filters and page by page,
 * and a file that can't be written stops nothing. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "broker/history.h"
#include "unit.h"

struct found {
	uint64_t id[64];
	char nodes[64][16];
	size_t n;
};

static void gather(void *arg, const struct history_job *j)
{
	struct found *f = arg;

	snprintf(f->nodes[f->n], sizeof(f->nodes[0]), "%s", j->nodes);
	f->id[f->n++] = j->id;
}

static size_t find(struct history *h, const struct history_query *q,
		   struct found *f, bool *more)
{
	struct berth_error err = {0};

	memset(f, 0, sizeof(*f));
	CU_ASSERT_EQUAL(history_find(h, q, gather, f, more, &err), 0);
	return f->n;
}

static void put(struct history *h, uint64_t id, const char *user,
		enum job_outcome outcome)
{
	const struct history_job j = {
		.id = id, .name = "x", .user = user, .framework = "batch",
		.nodes = id % 2 == 1 ? "n1" : "n1,n2", .outcome = outcome,
		.submitted_us = id * 1000, .ended_us = 1000000 + id / 2,
		.core_us = id * 7,
	};

	history_put(h, &j);
}

static void test_find(void)
{
	struct loop *loop = loop_create(NULL);
	char path[] = "/tmp/history.XXXXXX";
	struct history_query q = {.limit = 64};
	struct history *h;
	struct found f;
	bool more;

	close(mkstemp(path));
	h = history_create(loop, path);
	for (uint64_t id = 1; id <= 10; id++)
		put(h, id, id % 2 == 0 ? "ada" : "bob",
		    id == 4 ? JOB_FAILED : JOB_DONE);
	put(h, 4, "eve", JOB_DONE); /* told a second time */
	CU_ASSERT_EQUAL(history_flush(h, NULL), 0);
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 10);
	CU_ASSERT_FALSE(more);
	CU_ASSERT_EQUAL(f.id[0], 10);
	CU_ASSERT_EQUAL(f.id[9], 1);
	CU_ASSERT_STRING_EQUAL(f.nodes[0], "n1,n2");
	q.user = "ada";
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 5);
	q.outcome = JOB_FAILED;
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 1);
	CU_ASSERT_EQUAL(f.id[0], 4);
	q = (struct history_query){.limit = 64, .since_us = 1000003,
				   .until_us = 1000005};
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 4); /* 6 … 9 */
	CU_ASSERT_EQUAL(f.id[0], 9);
	q = (struct history_query){.limit = 64, .role = "none"};
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 0);
	history_destroy(h);

	/* Another time, page by page; two ended in each microsecond. */
	h = history_create(loop, path);
	put(h, 4, "eve", JOB_DONE);
	CU_ASSERT_EQUAL(history_flush(h, NULL), 0);
	q = (struct history_query){.limit = 3};
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 3);
	CU_ASSERT_TRUE(more);
	q.before_id = f.id[2];
	q.before_us = 1000000 + f.id[2] / 2;
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 3);
	CU_ASSERT_EQUAL(f.id[0], 7);
	q.before_id = 4;
	q.before_us = 1000002;
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 3);
	CU_ASSERT_FALSE(more);
	CU_ASSERT_EQUAL(f.id[2], 1);
	history_destroy(h);
	unlink(path);
	loop_destroy(loop);
}

static void test_unwritable(void)
{
	struct loop *loop = loop_create(NULL);
	char dir[] = "/tmp/history.XXXXXX", path[64];
	struct history_query q = {.limit = 64};
	struct berth_error err = {0};
	struct history *h;
	struct found f;
	bool more;
	FILE *file;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.db", dir);
	file = fopen(path, "w");
	for (unsigned i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	h = history_create(loop, path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	put(h, 1, "ada", JOB_DONE);
	CU_ASSERT_EQUAL(history_flush(h, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	CU_ASSERT_EQUAL(history_find(h, &q, gather, &f, &more, &err), -1);
	/* Someone moves it away: nothing is missing. */
	unlink(path);
	put(h, 2, "ada", JOB_DONE);
	CU_ASSERT_EQUAL(history_flush(h, &err), 0);
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 2);
	history_destroy(h);
	unlink(path);
	rmdir(dir);

	/* The disk is full. */
	h = history_create(loop, "/dev/full/x.db");
	put(h, 1, "ada", JOB_DONE);
	CU_ASSERT_EQUAL(history_flush(h, &err), -1);
	history_destroy(h);

	/* None is wanted. */
	h = history_create(loop, NULL);
	put(h, 1, "ada", JOB_DONE);
	CU_ASSERT_EQUAL(history_flush(h, &err), 0);
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 0);
	history_destroy(h);
	loop_destroy(loop);
}

/* The file cannot grow for a while, in the middle of its life. */
static void test_full(void)
{
	struct loop *loop = loop_create(NULL);
	char dir[] = "/tmp/history.XXXXXX", path[64], *rm;
	struct history_query q = {.limit = 64, .user = "eve"};
	struct rlimit old, small = {.rlim_cur = 128 * 1024};
	struct berth_error err = {0};
	struct history *h;
	struct found f;
	bool more;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.db", dir);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	h = history_create(loop, path);
	for (uint64_t id = 1; id <= 10; id++)
		put(h, id, "eve", JOB_DONE);
	CU_ASSERT_EQUAL(history_flush(h, NULL), 0);
	setrlimit(RLIMIT_FSIZE, &small);
	for (uint64_t id = 11; id <= 5000; id++)
		put(h, id, id <= 20 ? "eve" : "bob", JOB_DONE);
	CU_ASSERT_EQUAL(history_flush(h, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	/* What was written before is shown. */
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 10);
	CU_ASSERT_EQUAL(history_flush(h, &err), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	/* Nothing of what waited is missing, or there twice. */
	CU_ASSERT_EQUAL(history_flush(h, &err), 0);
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 20);
	q = (struct history_query){.limit = 1, .id = 5000};
	CU_ASSERT_EQUAL(find(h, &q, &f, &more), 1);
	history_destroy(h);
	rm = mem_printf("rm -rf %s", dir);
	CU_ASSERT_EQUAL(system(rm), 0);
	free(rm);
	loop_destroy(loop);
}

static const struct unit_test tests[] = {
	{"a disk that fills", test_full},
	{"found by filters and pages", test_find},
	{"a file that can't be written", test_unwritable},
};

UNIT_MAIN("history", tests)
