/* loop_test.c */
#include "io/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

static struct {
	struct loop *loop;
	struct loop_timer *timer, *other;
	struct loop_fd *fd;
	struct loop_wake *wake;
	int count, deferred, pipe[2];
} t;

static void setup(void)
{
	t.loop = loop_create(NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.loop);
	t.count = t.deferred = 0;
}

static void stop(void *arg)
{
	t.count++;
	loop_stop(t.loop);
}

static void test_timer(void)
{
	uint64_t start = loop_now_us();

	setup();
	t.timer = loop_timer_create(t.loop, stop, NULL);
	loop_timer_start(t.timer, 1000000);
	loop_timer_start(t.timer, 20000); /* moves it */
	CU_ASSERT(loop_timer_pending(t.timer));
	CU_ASSERT_EQUAL(loop_run(t.loop, NULL), 0);
	CU_ASSERT(loop_now_us() - start >= 20000);
	CU_ASSERT(loop_now_us() - start < 500000);
	CU_ASSERT_FALSE(loop_timer_pending(t.timer));
	/* Runs again, and a stopped timer does not fire. */
	t.other = loop_timer_create(t.loop, stop, NULL);
	loop_timer_start(t.other, 1000);
	loop_timer_stop(t.other);
	loop_timer_start(t.timer, 10000);
	loop_run(t.loop, NULL);
	CU_ASSERT_EQUAL(t.count, 2);
	loop_timer_destroy(t.timer);
	loop_timer_destroy(t.other);
	loop_timer_destroy(NULL);
	loop_destroy(t.loop);
}

static void kill_both(void *arg)
{
	t.count++;
	loop_timer_destroy(t.timer);
	loop_timer_destroy(t.other);
	t.timer = t.other = NULL;
}

/* Two timers due at once; the first destroys both. */
static void test_destroy_inside(void)
{
	setup();
	t.timer = loop_timer_create(t.loop, kill_both, NULL);
	t.other = loop_timer_create(t.loop, kill_both, NULL);
	loop_timer_start(t.timer, 0);
	loop_timer_start(t.other, 0);
	for (int i = 0; i < 5; i++)
		loop_once(t.loop, 1000, NULL);
	CU_ASSERT_EQUAL(t.count, 1);
	loop_destroy(t.loop);
}

static void test_once(void)
{
	uint64_t start;

	setup();
	start = loop_now_us();
	loop_once(t.loop, 0, NULL);
	CU_ASSERT(loop_now_us() - start < 10000);
	loop_once(t.loop, 20000, NULL);
	CU_ASSERT(loop_now_us() - start >= 20000);
	CU_ASSERT(loop_now_us() - start < 300000);
	loop_destroy(t.loop);
}

static void on_fd(void *arg, int fd, unsigned events)
{
	char c;

	if (events & LOOP_READ && read(fd, &c, 1) == 1)
		t.count++;
	if (events & LOOP_WRITE) {
		t.count += 100;
		loop_fd_set(t.fd, LOOP_READ);
	}
}

static void test_fd(void)
{
	setup();
	CU_ASSERT_EQUAL_FATAL(pipe(t.pipe), 0);
	t.fd = loop_fd_create(t.loop, t.pipe[0], LOOP_READ, on_fd, NULL);
	loop_once(t.loop, 1000, NULL);
	CU_ASSERT_EQUAL(t.count, 0);
	CU_ASSERT_EQUAL(write(t.pipe[1], "ab", 2), 2);
	loop_once(t.loop, 100000, NULL);
	CU_ASSERT_EQUAL(t.count, 1);
	loop_fd_set(t.fd, 0);
	loop_once(t.loop, 1000, NULL);
	CU_ASSERT_EQUAL(t.count, 1);
	loop_fd_set(t.fd, LOOP_READ);
	loop_once(t.loop, 100000, NULL);
	CU_ASSERT_EQUAL(t.count, 2);
	loop_fd_destroy(t.fd);
	t.fd = loop_fd_create(t.loop, t.pipe[1], LOOP_WRITE, on_fd, NULL);
	loop_once(t.loop, 100000, NULL);
	CU_ASSERT_EQUAL(t.count, 102);
	loop_fd_destroy(t.fd);
	close(t.pipe[0]);
	/* A write to a pipe without reader is an error, not our end. */
	CU_ASSERT_EQUAL(write(t.pipe[1], "x", 1), -1);
	close(t.pipe[1]);
	loop_destroy(t.loop);
}

static void defer_again(void *arg)
{
	t.deferred++;
	loop_defer(t.loop, defer_again, NULL);
}

/* What defers itself for ever leaves the timers their turn. */
static void test_defer(void)
{
	setup();
	loop_defer(t.loop, stop, NULL);
	loop_run(t.loop, NULL);
	CU_ASSERT_EQUAL(t.count, 1);
	t.timer = loop_timer_create(t.loop, stop, NULL);
	loop_timer_start(t.timer, 20000);
	loop_defer(t.loop, defer_again, NULL);
	loop_run(t.loop, NULL);
	CU_ASSERT_EQUAL(t.count, 2);
	CU_ASSERT(t.deferred > 10);
	loop_timer_destroy(t.timer);
	loop_destroy(t.loop); /* with one still deferred */
}

static void on_signal(void *arg, int signo)
{
	t.count += signo;
}

static void test_signal(void)
{
	struct loop_signal *s;

	setup();
	s = loop_signal_create(t.loop, SIGUSR1, on_signal, NULL);
	raise(SIGUSR1);
	loop_once(t.loop, 100000, NULL);
	CU_ASSERT_EQUAL(t.count, SIGUSR1);
	loop_signal_destroy(s);
	loop_destroy(t.loop);
}

static void *ring(void *arg)
{
	for (int i = 0; i < 1000; i++)
		loop_wake_signal(t.wake);
	return NULL;
}

static void test_wake(void)
{
	pthread_t thread[4];
	uint64_t end;

	setup();
	t.wake = loop_wake_create(t.loop, stop, NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, ring, NULL);
	end = loop_now_us() + 1000000;
	while (t.count == 0 && loop_now_us() < end)
		loop_once(t.loop, 100000, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	CU_ASSERT(t.count >= 1 && t.count <= 4000);
	/* Rings before the callback count as one. */
	while (loop_once(t.loop, 0, NULL) == 0 && t.count != 0)
		t.count = 0;
	ring(NULL);
	loop_once(t.loop, 100000, NULL);
	loop_once(t.loop, 1000, NULL);
	CU_ASSERT_EQUAL(t.count, 1);
	loop_wake_destroy(t.wake);
	loop_destroy(t.loop);
}

static const struct unit_test tests[] = {
	{"timers", test_timer},
	{"destroying inside a callback", test_destroy_inside},
	{"one pass", test_once},
	{"descriptors", test_fd},
	{"deferred calls", test_defer},
	{"signals", test_signal},
	{"bells from threads", test_wake},
};

UNIT_MAIN("loop", tests)
