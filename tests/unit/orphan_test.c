/* orphan_test.c - when a shepherd's tasks have been without a broker for too
 * long. */
#include "shepherd/orphan.h"

#include "unit.h"

enum { AFTER_MS = 40 };

static struct loop *loop;
static int ended;

static void on_over(void *arg)
{
	ended++;
}

static void on_time(void *arg)
{
	loop_stop(loop);
}

static void run_ms(unsigned ms)
{
	struct loop_timer *t = loop_timer_create(loop, on_time, NULL);

	loop_timer_start(t, ms * 1000u);
	loop_run(loop, NULL);
	loop_timer_destroy(t);
}

static void tell(struct orphan *o, bool broker, bool kept)
{
	Berth__Attended word = BERTH__ATTENDED__INIT;

	word.broker = broker;
	word.kept = kept;
	orphan_told(o, &word);
}

static struct orphan *begin(unsigned after_ms)
{
	loop = loop_create(NULL);
	ended = 0;
	return orphan_create(loop, after_ms, on_over, NULL);
}

static void end(struct orphan *o)
{
	orphan_destroy(o);
	loop_destroy(loop);
}

static void test_alone(void)
{
	struct orphan *o = begin(AFTER_MS);

	run_ms(4 * AFTER_MS);
	CU_ASSERT_EQUAL(ended, 1); /* once */
	tell(o, true, false);
	tell(o, false, false);
	run_ms(4 * AFTER_MS);
	CU_ASSERT_EQUAL(ended, 2);
	end(o);
}

static void test_attended(void)
{
	struct orphan *o = begin(AFTER_MS);

	tell(o, true, false);
	run_ms(4 * AFTER_MS);
	CU_ASSERT_EQUAL(ended, 0);
	orphan_alone(o);
	run_ms(4 * AFTER_MS);
	CU_ASSERT_EQUAL(ended, 1);
	end(o);
}

/* What is said of it does not begin the time anew. */
static void test_no_new_time(void)
{
	struct orphan *o = begin(10 * AFTER_MS);

	for (int i = 0; i < 12 && ended == 0; i++) {
		run_ms(AFTER_MS);
		tell(o, false, false);
		orphan_alone(o);
	}
	CU_ASSERT_EQUAL(ended, 1);
	end(o);
}

static void test_kept(void)
{
	struct orphan *o = begin(AFTER_MS);

	tell(o, false, true);
	orphan_alone(o);
	run_ms(4 * AFTER_MS);
	CU_ASSERT_EQUAL(ended, 0);
	tell(o, false, false); /* by a launcher that came later */
	run_ms(4 * AFTER_MS);
	CU_ASSERT_EQUAL(ended, 1);
	end(o);
}

static void test_never(void)
{
	struct orphan *o = begin(0);

	orphan_alone(o);
	tell(o, false, false);
	run_ms(AFTER_MS);
	CU_ASSERT_EQUAL(ended, 0);
	end(o);
}

static const struct unit_test tests[] = {
	{"alone", test_alone},
	{"attended", test_attended},
	{"the time is not begun anew", test_no_new_time},
	{"kept", test_kept},
	{"never", test_never},
};

UNIT_MAIN("orphan", tests)
