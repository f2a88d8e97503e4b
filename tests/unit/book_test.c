/* book_test.c - the time that the ledger is told, when the wall clock jumps. */
#include <stdint.h>
#include <time.h>

#include "broker/book.h"
#include "unit.h"

#define S_US 1000000ull
#define HOUR_US (3600 * S_US)

static uint64_t steady_us = 7 * S_US, wall_us = 1000 * HOUR_US;

/* In place of the C library's. */
int clock_gettime(clockid_t id, struct timespec *t)
{
	uint64_t us = id == CLOCK_REALTIME ? wall_us : steady_us;

	t->tv_sec = (time_t)(us / S_US);
	t->tv_nsec = (long)(us % S_US) * 1000;
	return 0;
}

static void pass(uint64_t us)
{
	steady_us += us;
	wall_us += us;
}

static void test_jumps(void)
{
	uint64_t first = book_now(), last;

	CU_ASSERT_EQUAL(first, wall_us);
	pass(S_US);
	CU_ASSERT_EQUAL(book_now(), first + S_US);
	/* Ahead: no deadline comes early. */
	wall_us += HOUR_US;
	CU_ASSERT_EQUAL(book_now(), first + S_US);
	pass(8 * S_US);
	CU_ASSERT_EQUAL(book_now(), first + 10 * S_US);
	/* Back: none waits for an hour. */
	wall_us -= 2 * HOUR_US;
	CU_ASSERT_EQUAL(book_now(), first + 10 * S_US);
	pass(8 * S_US);
	CU_ASSERT_EQUAL(book_now(), first + 17 * S_US);
	/* It comes back to the wall clock. */
	wall_us += HOUR_US;
	last = book_now();
	CU_ASSERT_EQUAL(last, wall_us);
	pass(S_US);
	CU_ASSERT_EQUAL(book_now(), wall_us);
	/* Small steps are followed at once. */
	pass(S_US);
	wall_us += 1000;
	CU_ASSERT_EQUAL(book_now(), wall_us);
}

static void test_past(void)
{
	uint64_t now = book_now();

	CU_ASSERT_EQUAL(book_past(now - 5), now - 5);
	CU_ASSERT_EQUAL(book_past(now + HOUR_US), now);
}

static const struct unit_test tests[] = {
	{"the wall clock jumps", test_jumps},
	{"times of others", test_past},
};

UNIT_MAIN("book", tests)
