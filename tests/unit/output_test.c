/* output_test.c - readers of output, over real files; the sweeper; the table
 * of tasks. */
#include "broker/output.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "broker/sweeper.h"
#include "broker/task_table.h"
#include "unit.h"

static struct loop *loop;
static struct output *out;
static char dir[] = "/tmp/output_test.XXXXXX";
static bool alive;

static struct {
	unsigned n;
	uint64_t id, size;
	char data[256];
	size_t len;
	bool ended, missing;
} got;

static bool on_lives(void *arg, uint64_t job, uint32_t index)
{
	return alive;
}

static void on_reply(void *arg, const char *node, const Berth__Msg *msg)
{
	const Berth__OutputData *d = msg->output_data;

	CU_ASSERT_STRING_EQUAL(node, "reader");
	got.n++;
	got.id = d->id;
	got.size = d->size;
	got.len = d->data.len;
	got.ended = d->ended;
	got.missing = d->missing;
	if (d->data.len > 0 && d->data.len < sizeof(got.data)) {
		memcpy(got.data, d->data.data, d->data.len);
		got.data[d->data.len] = '\0';
	}
}

static void begin(void)
{
	static const struct output_events ev = {.lives = on_lives,
						.reply = on_reply};
	char *path;

	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	path = mem_printf("mkdir -p %s/jobs/7", dir);
	CU_ASSERT_EQUAL(system(path), 0);
	free(path);
	loop = loop_create(NULL);
	out = output_create(loop, dir, &ev, NULL, NULL);
	memset(&got, 0, sizeof(got));
	alive = true;
}

static void end(void)
{
	char *path = mem_printf("rm -rf %s", dir);

	output_destroy(out);
	loop_destroy(loop);
	CU_ASSERT_EQUAL(system(path), 0);
	free(path);
}

static void write_to(const char *name, const char *text)
{
	char *path = mem_printf("%s/jobs/7/%s", dir, name);
	FILE *f = fopen(path, "a");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static void read_at(uint64_t id, int rank, bool err, uint64_t offset,
		    uint32_t max, uint32_t wait_ms)
{
	Berth__OutputRead req = BERTH__OUTPUT_READ__INIT;

	req.id = id;
	req.job = 7;
	req.rank = rank;
	req.err = err;
	req.offset = offset;
	req.max = max;
	req.wait_ms = wait_ms;
	output_read(out, "reader", &req);
}

static void run_for(unsigned ms)
{
	uint64_t limit = loop_now_us() + ms * 1000;

	while (loop_now_us() < limit)
		loop_once(loop, 1000, NULL);
}

/* Until an answer came; how long it took. */
static unsigned run_until(unsigned n)
{
	uint64_t start = loop_now_us();

	while (got.n < n && loop_now_us() - start < 5000000)
		loop_once(loop, 10000, NULL);
	CU_ASSERT_EQUAL(got.n, n);
	return (unsigned)((loop_now_us() - start) / 1000);
}

static void test_ranges(void)
{
	begin();
	write_to("0.out", "hello world");
	write_to("0.3.err", "oh");
	read_at(1, -1, false, 0, 5, 0);
	CU_ASSERT_EQUAL(got.n, 1);
	CU_ASSERT_STRING_EQUAL(got.data, "hello");
	CU_ASSERT_EQUAL(got.size, 11);
	CU_ASSERT(!got.ended);
	read_at(2, -1, false, 6, 0, 0);
	CU_ASSERT_STRING_EQUAL(got.data, "world");
	CU_ASSERT(!got.ended);
	alive = false;
	read_at(3, -1, false, 6, 2, 0);
	CU_ASSERT(!got.ended);
	read_at(4, -1, false, 6, 0, 0);
	CU_ASSERT(got.ended);
	read_at(5, -1, false, 500, 0, 0);
	CU_ASSERT_EQUAL(got.len, 0);
	CU_ASSERT(got.ended);
	read_at(6, 3, true, 0, 0, 0);
	CU_ASSERT_STRING_EQUAL(got.data, "oh");
	read_at(7, 4, true, 0, 0, 60000);
	CU_ASSERT_EQUAL(got.n, 7);
	CU_ASSERT(got.missing && got.ended);
	end();
}

/* Parked until the file grows, is made, the task ends, or time is over. */
static void test_parked(void)
{
	begin();
	write_to("0.out", "a");
	read_at(1, -1, false, 1, 0, 60000);
	run_for(20);
	CU_ASSERT_EQUAL(got.n, 0);
	write_to("0.out", "b");
	CU_ASSERT(run_until(1) < 100);
	CU_ASSERT_STRING_EQUAL(got.data, "b");
	read_at(2, -1, false, 2, 0, 60000);
	run_for(20);
	alive = false;
	output_task_changed(out, 7, 0);
	CU_ASSERT_EQUAL(got.n, 2);
	CU_ASSERT(got.ended);
	alive = true;
	read_at(3, -1, true, 0, 0, 60000);
	run_for(20);
	CU_ASSERT_EQUAL(got.n, 2);
	write_to("0.err", "c");
	CU_ASSERT(run_until(3) < 1000);
	CU_ASSERT_STRING_EQUAL(got.data, "c");
	read_at(4, -1, true, 1, 0, 80);
	CU_ASSERT(run_until(4) >= 70);
	CU_ASSERT(!got.ended);
	CU_ASSERT_EQUAL(got.len, 0);
	end();
}

static void test_many_parked(void)
{
	begin();
	write_to("0.out", "a");
	for (unsigned i = 0; i < 50; i++)
		read_at(i, -1, false, 1, 0, 60000);
	output_cancel(out, "reader", 7);
	output_cancel(out, "reader", 700);
	write_to("0.out", "b");
	run_until(49);
	read_at(1, -1, false, 2, 0, 60000);
	output_forget_node(out, "other");
	output_forget_node(out, "reader");
	write_to("0.out", "c");
	run_for(300);
	CU_ASSERT_EQUAL(got.n, 49);
	end();
}

/* A job's user cannot have us read what is somebody else's. */
static void test_links(void)
{
	char *real = NULL, *link = NULL;

	begin();
	alive = false;
	real = mem_printf("%s/real", dir);
	link = mem_printf("%s/jobs/7/0.out", dir);
	CU_ASSERT_EQUAL(symlink(real, link), 0);
	close(open(real, O_CREAT | O_WRONLY, 0600));
	read_at(1, -1, false, 0, 0, 0);
	CU_ASSERT(!got.missing);
	if (geteuid() == 0) {
		CU_ASSERT_EQUAL(chown(real, 12345, 0), 0);
		read_at(2, -1, false, 0, 0, 0);
		CU_ASSERT(got.missing);
	}
	unlink(link);
	CU_ASSERT_EQUAL(symlink("/dev/zero", link), 0);
	read_at(3, -1, false, 0, 0, 0);
	CU_ASSERT(got.missing);
	unlink(link);
	CU_ASSERT_EQUAL(mkfifo(link, 0600), 0);
	read_at(4, -1, false, 0, 0, 0);
	CU_ASSERT(got.missing);
	free(real);
	free(link);
	end();
}

static void test_sweeper(void)
{
	struct sweeper *s;
	char *path, *keep;

	begin();
	keep = mem_printf("%s/keep", dir);
	close(open(keep, O_CREAT | O_WRONLY, 0600));
	path = mem_printf("cd %s/jobs && mkdir 8 7/sub && ln -s %s 7/link && "
			  "ln -s %s 7/dirlink && touch 8/x && "
			  "for i in $(seq 1 500); do : > 7/$i.out; "
			  ": > 7/sub/$i; done",
			  dir, keep, dir);
	CU_ASSERT_EQUAL(system(path), 0);
	free(path);
	s = sweeper_create(loop, dir);
	sweeper_job(s, 7);
	sweeper_job(s, 99);
	path = mem_printf("%s/jobs/7", dir);
	CU_ASSERT(access(path, F_OK) != 0);
	free(path);
	run_for(200);
	path = mem_printf("test \"$(ls -A %s/jobs)\" = 8 && test -e %s", dir,
			  keep);
	CU_ASSERT_EQUAL(system(path), 0);
	free(path);
	free(keep);
	sweeper_destroy(s);
	end();
}

/* ---- the table of tasks ---- */

static void report(struct task_table *t, bool full, uint32_t index,
		   Berth__TaskState state)
{
	Berth__TaskStatus s = BERTH__TASK_STATUS__INIT, *one = &s;
	Berth__TaskReport r = BERTH__TASK_REPORT__INIT;

	s.job = 7;
	s.index = index;
	s.state = state;
	if (state == BERTH__TASK_STATE__TASK_ENDED)
		s.end_us = 100 + index;
	r.full = full;
	r.n_tasks = 1;
	r.tasks = &one;
	task_table_report(t, &r);
}

static void confirm(struct task_table *t, uint32_t index, uint64_t end_us)
{
	Berth__TaskStatus s = BERTH__TASK_STATUS__INIT, *one = &s;
	Berth__TaskReport r = BERTH__TASK_REPORT__INIT;

	s.job = 7;
	s.index = index;
	s.state = BERTH__TASK_STATE__TASK_ENDED;
	s.end_us = end_us;
	r.n_tasks = 1;
	r.tasks = &one;
	task_table_confirm(t, &r);
}

static void launched(struct task_table *t, uint32_t index)
{
	Berth__TaskSpec s = BERTH__TASK_SPEC__INIT, *one = &s;
	Berth__Launch l = BERTH__LAUNCH__INIT;

	s.job = 7;
	s.index = index;
	l.n_tasks = 1;
	l.tasks = &one;
	task_table_launched(t, &l, "n1");
}

static size_t count(const struct task_table *t)
{
	Berth__Msg *msg = task_table_full(t);
	size_t n = msg->report->n_tasks;

	CU_ASSERT(msg->report->full);
	CU_ASSERT_EQUAL(task_table_count(t), n);
	msg_free(msg);
	return n;
}

static void test_table(void)
{
	struct task_table *t = task_table_create();

	/* Before the launcher has said what it has. */
	launched(t, 1);
	report(t, true, 2, BERTH__TASK_STATE__TASK_RUNNING);
	CU_ASSERT(task_table_lives(t, 7, 1));
	CU_ASSERT(task_table_lives(t, 7, 2));
	CU_ASSERT(!task_table_lives(t, 7, 3));
	/* An end that is not confirmed is kept, even by a full report. */
	report(t, false, 2, BERTH__TASK_STATE__TASK_ENDED);
	CU_ASSERT(!task_table_lives(t, 7, 2));
	CU_ASSERT_EQUAL(count(t), 2);
	task_table_link_down(t);
	launched(t, 4);
	report(t, true, 3, BERTH__TASK_STATE__TASK_RUNNING);
	CU_ASSERT_EQUAL(count(t), 4);
	/* What was launched before that link, and it does not know, is not. */
	report(t, false, 1, BERTH__TASK_STATE__TASK_RUNNING);
	task_table_link_down(t);
	report(t, true, 3, BERTH__TASK_STATE__TASK_RUNNING);
	CU_ASSERT(!task_table_lives(t, 7, 1));
	CU_ASSERT(task_table_lives(t, 7, 3));
	CU_ASSERT(task_table_lives(t, 7, 4));
	CU_ASSERT_EQUAL(count(t), 3);
	/* Neither what runs is confirmed away, nor another end. */
	confirm(t, 3, 0);
	confirm(t, 2, 103);
	confirm(t, 9, 109);
	CU_ASSERT_EQUAL(count(t), 3);
	confirm(t, 2, 102);
	CU_ASSERT_EQUAL(count(t), 2);
	report(t, false, 3, BERTH__TASK_STATE__TASK_ENDED);
	CU_ASSERT_EQUAL(count(t), 2);
	confirm(t, 3, 103);
	CU_ASSERT_EQUAL(count(t), 1);
	task_table_destroy(t);
}

static void test_many_ends(void)
{
	struct task_table *t = task_table_create();

	for (uint32_t i = 0; i < 100000; i++) {
		launched(t, i);
		report(t, false, i, BERTH__TASK_STATE__TASK_ENDED);
	}
	CU_ASSERT_EQUAL(count(t), 100000);
	for (uint32_t i = 0; i < 100000; i++)
		confirm(t, i, 100 + i);
	CU_ASSERT_EQUAL(count(t), 0);
	task_table_destroy(t);
}

static const struct unit_test tests[] = {
	{"ranges", test_ranges},     {"parked", test_parked},
	{"many parked", test_many_parked}, {"links", test_links},
	{"sweeper", test_sweeper},   {"task table", test_table},
	{"many ends", test_many_ends},
};

UNIT_MAIN("output", tests)
