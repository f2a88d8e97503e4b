/* book_test.c - the time that the ledger is told, when the wall clock jumps. */
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "broker/book.h"
#include "unit.h"

enum { HOUR_S = 3600, S_US = 1000 * 1000 };

static time_t jump_s;

/* In place of the C library's. */
int clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, id, t);

	if (rc == 0 && id == CLOCK_REALTIME)
		t->tv_sec += jump_s;
	return rc;
}

static void test_jumps(void)
{
	uint64_t first = book_now(), begin, last;

	CU_ASSERT_TRUE(loop_wall_us() - first < S_US);
	/* Ahead: no deadline comes early. */
	jump_s = HOUR_S;
	begin = loop_now_us();
	CU_ASSERT_TRUE(loop_wall_us() > first + 3500ull * S_US);
	usleep(20 * 1000);
	last = book_now();
	CU_ASSERT_TRUE(last > first);
	CU_ASSERT_TRUE(last - first <
		       (loop_now_us() - begin + S_US / 10) * 9 / 8);
	/* Back: none waits for an hour. */
	jump_s = -HOUR_S;
	begin = loop_now_us();
	first = book_now();
	CU_ASSERT_TRUE(first >= last);
	usleep(20 * 1000);
	last = book_now();
	CU_ASSERT_TRUE(last - first >= 20 * 1000 / 8 * 7 - 100);
	/* It comes back to the wall clock slowly. */
	jump_s = 0;
	usleep(100 * 1000);
	CU_ASSERT_TRUE(loop_wall_us() - book_now() < S_US);
}

static void test_past(void)
{
	uint64_t now = book_now();

	CU_ASSERT_EQUAL(book_past(now - 5), now - 5);
	CU_ASSERT_TRUE(book_past(now + (uint64_t)HOUR_S * S_US) <
		       now + (uint64_t)S_US);
}

static const struct unit_test tests[] = {
	{"the wall clock jumps", test_jumps},
	{"times of others", test_past},
};

UNIT_MAIN("book", tests)
