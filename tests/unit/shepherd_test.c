/* Plain tasks in a real shepherd. */
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "shepherd_rig.h"

#define KEY "p.batch.0"

struct plain {
	uint64_t job, slice;
	uint32_t index;
	char *const *argv;
	const char *cwd;
	const char *output;
	int64_t array_index;
	bool want_stdin;
	unsigned walltime_ms, grace_ms;
	unsigned count; /* tasks index.. in the same slice; 0: one */
	unsigned uid;
};

static char *test_env[] = { "PATH=/usr/bin:/bin", "PMIX_RANK=7",
			    "OMPI_COMM_WORLD_SIZE=9", "OMPI_MCA_btl=tcp,self",
			    "MINE=1" };

static void launch(struct rig *r, const struct plain *p)
{
	unsigned n = p->count ? p->count : 1;
	Berth__TaskSpec *task = mem_array(n, sizeof(*task));
	Berth__TaskSpec **tasks = mem_array(n, sizeof(*tasks));
	Berth__App app = BERTH__APP__INIT, *apps = &app;
	Berth__Spec spec = BERTH__SPEC__INIT;
	Berth__Launch l = BERTH__LAUNCH__INIT;
	Berth__Slice slice = BERTH__SLICE__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	char *core = "0";

	app.argv = (char **)p->argv;
	while (app.argv[app.n_argv])
		app.n_argv++;
	app.env = test_env;
	app.n_env = sizeof(test_env) / sizeof(test_env[0]);
	app.cwd = p->cwd ? (char *)p->cwd : "/tmp";
	spec.job = p->job;
	spec.framework = "batch";
	spec.apps = &apps;
	spec.n_apps = 1;
	spec.output = p->output ? (char *)p->output : "";
	spec.uid = spec.gid = p->uid;
	spec.want_stdin = p->want_stdin;
	spec.walltime_ms = p->walltime_ms;
	spec.grace_ms = p->grace_ms;
	slice.id = p->slice;
	slice.node = "n0";
	slice.pus = "0";
	slice.core_pus = &core;
	slice.n_core_pus = 1;
	slice.bind = true;
	for (unsigned i = 0; i < n; i++) {
		berth__task_spec__init(&task[i]);
		task[i].job = p->job;
		task[i].index = p->index + i;
		task[i].slice = &slice;
		task[i].array_index =
			p->array_index < 0 ? -1 : p->array_index + i;
		tasks[i] = &task[i];
	}
	l.shepherd = KEY;
	l.spec = &spec;
	l.tasks = tasks;
	l.n_tasks = n;
	msg.body_case = BERTH__MSG__BODY_LAUNCH;
	msg.launch = &l;
	rig_send(r, 0, KEY, &msg);
	free(tasks);
	free(task);
}

static void kill_task(struct rig *r, uint64_t job, uint32_t index,
		      unsigned grace)
{
	Berth__Kill k = BERTH__KILL__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	k.job = job;
	k.index = index;
	k.grace_ms = grace;
	msg.body_case = BERTH__MSG__BODY_KILL;
	msg.kill = &k;
	rig_send(r, 0, KEY, &msg);
}

static struct rig *begin(void)
{
	struct rig *r = rig_create();

	rig_start(r, 0, KEY);
	return r;
}

#define ARGV(...) ((char *[]){ __VA_ARGS__, NULL })
#define SH(text) ARGV("sh", "-c", text)

static void output_and_code(void)
{
	struct rig *r = begin();
	const struct rig_task *t;
	char *text;

	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = SH("echo out; echo err >&2; exit 3"),
				   .array_index = -1 });
	CU_ASSERT_FATAL(rig_wait_end(r, 1, 0, 5000));
	t = rig_task(r, 1, 0);
	CU_ASSERT_EQUAL(t->end, BERTH__TASK_END__END_EXITED);
	CU_ASSERT_EQUAL(t->code, 3);
	CU_ASSERT(t->end_us >= t->start_us && t->start_us > 0);
	text = rig_output(r, 0, "1/0.out");
	CU_ASSERT_STRING_EQUAL(text, "out\n");
	free(text);
	text = rig_output(r, 0, "1/0.err");
	CU_ASSERT_STRING_EQUAL(text, "err\n");
	free(text);
	rig_destroy(r);
}

static void environment(void)
{
	struct rig *r = begin();
	char *text;

	launch(r, &(struct plain){
			  .job = 2,
			  .slice = 1,
			  .index = 5,
			  .argv = SH("echo $1 $BERTH_ARRAY_INDEX $BERTH_TASK_ID "
				     "$MINE $PMIX_RANK $OMPI_COMM_WORLD_SIZE "
				     "$OMPI_MCA_btl $BERTH_NODE; pwd; "
				     "grep Cpus_allowed_list /proc/self/status; "
				     "ls /proc/self/fd | wc -l"),
			  .array_index = 17 });
	CU_ASSERT_FATAL(rig_wait_end(r, 2, 5, 5000));
	text = rig_output(r, 0, "2/5.out");
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT(strncmp(text, "17 2.5 1 tcp,self n0\n/tmp\n", 26) == 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Cpus_allowed_list:\t0\n"));
	/* 0, 1, 2 and the folder that ls itself has open. */
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n4\n"));
	free(text);
	launch(r, &(struct plain){ .job = 3,
				   .slice = 1,
				   .argv = ARGV("echo", "a{}", "{}"),
				   .array_index = 4,
				   .count = 3 });
	CU_ASSERT(rig_wait_end(r, 3, 2, 5000));
	text = rig_output(r, 0, "3/2.out");
	CU_ASSERT_STRING_EQUAL(text, "a{} 6\n");
	free(text);
	rig_destroy(r);
}

static void bad_starts(void)
{
	struct rig *r = begin();
	const struct rig_task *t;

	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = ARGV("no-such-program"),
				   .array_index = -1 });
	launch(r, &(struct plain){ .job = 2,
				   .slice = 1,
				   .argv = ARGV("true"),
				   .cwd = "/no/such/folder",
				   .array_index = -1 });
	launch(r, &(struct plain){ .job = 3,
				   .slice = 1,
				   .argv = ARGV("/tmp"),
				   .array_index = -1 });
	launch(r, &(struct plain){ .job = 4,
				   .slice = 1,
				   .argv = ARGV("true"),
				   .array_index = -1 });
	CU_ASSERT_FATAL(rig_wait_end(r, 4, 0, 5000));
	CU_ASSERT_EQUAL(rig_task(r, 4, 0)->end, BERTH__TASK_END__END_EXITED);
	for (uint64_t job = 1; job <= 3; job++)
		CU_ASSERT_EQUAL(rig_task(r, job, 0)->end,
				BERTH__TASK_END__END_FAILED_START);
	t = rig_task(r, 1, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "no-such-program"));
	t = rig_task(r, 2, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "/no/such/folder"));
	CU_ASSERT_PTR_NOT_NULL(strstr(rig_task(r, 3, 0)->text, "/tmp"));
	rig_destroy(r);
}

static bool alive(pid_t pid)
{
	char path[64], text[256] = "", *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	p = fgets(text, sizeof(text), f);
	fclose(f);
	return p && strstr(text, ") Z") == NULL;
}

/* Two double-forked sleepers, one with a clean environment. */
static const char *const leave_behind =
	"(setsid sleep 300 & echo $! >>pids); "
	"env -i setsid sleep 300 & echo $! >>pids; "
	"(sleep 300 & echo $! >>pids) & ";

static unsigned count_alive(const char *dir)
{
	char *path = mem_printf("%s/pids", dir);
	FILE *f = fopen(path, "r");
	unsigned n = 0;
	int pid;

	free(path);
	while (f && fscanf(f, "%d", &pid) == 1)
		n += alive(pid);
	if (f)
		fclose(f);
	return n;
}

static void strays_die(void)
{
	struct rig *r = begin();
	char *text = mem_printf("%s while [ ! -e go ]; do sleep 0.02; done; "
				"exit 0", leave_behind);
	char *go = mem_printf("%s/go", rig_dir(r));

	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = SH(text),
				   .cwd = rig_dir(r),
				   .array_index = -1 });
	for (int i = 0; i < 500 && count_alive(rig_dir(r)) < 3; i++)
		rig_run(r, 20);
	CU_ASSERT_EQUAL(count_alive(rig_dir(r)), 3);
	fclose(fopen(go, "w"));
	CU_ASSERT_FATAL(rig_wait_end(r, 1, 0, 5000));
	CU_ASSERT_EQUAL(rig_task(r, 1, 0)->end, BERTH__TASK_END__END_EXITED);
	CU_ASSERT_EQUAL(count_alive(rig_dir(r)), 0);
	free(go);
	free(text);
	rig_destroy(r);
}

static void killing(void)
{
	struct rig *r = begin();
	char *text = mem_printf("trap '' TERM; %s sleep 300; sleep 300",
				leave_behind);
	uint64_t before;

	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = SH(text),
				   .cwd = rig_dir(r),
				   .array_index = -1 });
	/* Another task beside it lives on. */
	launch(r, &(struct plain){ .job = 2,
				   .slice = 2,
				   .argv = SH("setsid sleep 1.2 & wait; echo ok"),
				   .array_index = -1 });
	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .index = 1,
				   .argv = ARGV("true"),
				   .array_index = -1 });
	rig_run(r, 200);
	before = loop_now_us();
	kill_task(r, 1, 0, 300);
	CU_ASSERT_FATAL(rig_wait_end(r, 1, 0, 5000));
	CU_ASSERT_EQUAL(rig_task(r, 1, 0)->end, BERTH__TASK_END__END_KILLED);
	CU_ASSERT(loop_now_us() - before >= 290000);
	CU_ASSERT(loop_now_us() - before < 1500000);
	CU_ASSERT_EQUAL(count_alive(rig_dir(r)), 0);
	/* The next in the slice was not meant. */
	CU_ASSERT(rig_wait_end(r, 1, 1, 2000));
	CU_ASSERT_EQUAL(rig_task(r, 1, 1)->end, BERTH__TASK_END__END_EXITED);
	CU_ASSERT(rig_wait_end(r, 2, 0, 5000));
	CU_ASSERT_EQUAL(rig_task(r, 2, 0)->end, BERTH__TASK_END__END_EXITED);
	free(text);
	text = rig_output(r, 0, "2/0.out");
	CU_ASSERT_STRING_EQUAL(text, "ok\n");
	free(text);
	rig_destroy(r);
}

/* Nothing tells whose it is, while another task runs. */
static void nobodys_stray(void)
{
	struct rig *r = begin();

	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = SH("(env -i setsid sleep 300 & "
					      "echo $! >>pids); exit 0"),
				   .cwd = rig_dir(r),
				   .array_index = -1 });
	launch(r, &(struct plain){ .job = 2,
				   .slice = 2,
				   .argv = ARGV("sleep", "0.5"),
				   .array_index = -1 });
	CU_ASSERT_FATAL(rig_wait_end(r, 1, 0, 5000));
	CU_ASSERT_FATAL(rig_wait_end(r, 2, 0, 5000));
	rig_run(r, 100);
	CU_ASSERT_EQUAL(count_alive(rig_dir(r)), 0);
	rig_destroy(r);
}

static void walltime_and_signals(void)
{
	struct rig *r = begin();

	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = ARGV("sleep", "100"),
				   .walltime_ms = 200,
				   .array_index = -1 });
	launch(r, &(struct plain){ .job = 2,
				   .slice = 2,
				   .argv = SH("kill -SEGV $$"),
				   .array_index = -1 });
	CU_ASSERT(rig_wait_end(r, 1, 0, 3000));
	CU_ASSERT_EQUAL(rig_task(r, 1, 0)->end, BERTH__TASK_END__END_WALLTIME);
	CU_ASSERT(rig_wait_end(r, 2, 0, 3000));
	CU_ASSERT_EQUAL(rig_task(r, 2, 0)->end, BERTH__TASK_END__END_SIGNALED);
	CU_ASSERT_EQUAL(rig_task(r, 2, 0)->signal, SIGSEGV);
	rig_destroy(r);
}

static void standard_input(void)
{
	struct rig *r = begin();
	size_t len = 300000;
	char *data = mem_alloc(len), *text;
	bool closed;

	memset(data, 'x', len);
	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = SH("sleep 0.3; wc -c"),
				   .want_stdin = true,
				   .array_index = -1 });
	for (size_t at = 0; at < len; at += 100000) {
		Berth__StdinData d = BERTH__STDIN_DATA__INIT;
		Berth__Msg msg = BERTH__MSG__INIT;

		d.job = 1;
		d.offset = at;
		d.data.data = (uint8_t *)data + at;
		d.data.len = 100000;
		d.eof = at + 100000 == len;
		msg.body_case = BERTH__MSG__BODY_STDIN_DATA;
		msg.stdin_data = &d;
		rig_send(r, 0, KEY, &msg);
	}
	rig_run(r, 150);
	CU_ASSERT(rig_fed(r, &closed) < len);
	CU_ASSERT(rig_wait_end(r, 1, 0, 3000));
	CU_ASSERT_EQUAL(rig_fed(r, &closed), len);
	CU_ASSERT(closed);
	text = rig_output(r, 0, "1/0.out");
	CU_ASSERT_STRING_EQUAL(text, "300000\n");
	free(text);
	free(data);
	rig_destroy(r);
}

static void output_patterns(void)
{
	struct rig *r = begin();
	char path[128];
	struct stat st;

	launch(r, &(struct plain){ .job = 7,
				   .slice = 1,
				   .argv = SH("echo a; echo b >&2"),
				   .cwd = rig_dir(r),
				   .output = "sub/%j-%a.%N",
				   .array_index = 3 });
	CU_ASSERT(rig_wait_end(r, 7, 0, 3000));
	snprintf(path, sizeof(path), "%s/sub/7-3.n0", rig_dir(r));
	CU_ASSERT(stat(path, &st) == 0 && st.st_size == 4);
	rig_destroy(r);
}

static void launcher_comes_back(void)
{
	struct rig *r = begin();

	rig_confirm(r, false);
	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = SH("sleep 0.2; exit 5"),
				   .array_index = -1 });
	launch(r, &(struct plain){ .job = 2,
				   .slice = 2,
				   .argv = SH("sleep 0.6"),
				   .array_index = -1 });
	rig_run(r, 100);
	rig_cut(r, 0, KEY);
	usleep(300000);
	CU_ASSERT_EQUAL(rig_task(r, 1, 0)->state,
			BERTH__TASK_STATE__TASK_RUNNING);
	rig_confirm(r, true);
	rig_connect(r, 0, KEY);
	CU_ASSERT(rig_wait_end(r, 1, 0, 2000));
	CU_ASSERT_EQUAL(rig_task(r, 1, 0)->code, 5);
	CU_ASSERT_EQUAL(rig_task(r, 2, 0)->state,
			BERTH__TASK_STATE__TASK_RUNNING);
	CU_ASSERT(rig_wait_end(r, 2, 0, 2000));
	rig_destroy(r);
}

static void dies_with_its_shepherd(void)
{
	struct rig *r = rig_create();
	pid_t shepherd = rig_start(r, 0, KEY), task;

	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = ARGV("sleep", "100"),
				   .array_index = -1 });
	rig_run(r, 100);
	task = rig_task(r, 1, 0)->pid;
	CU_ASSERT(alive(task));
	kill(shepherd, SIGKILL);
	rig_run(r, 100);
	CU_ASSERT(!alive(task));
	rig_destroy(r);
}

static void as_another_user(void)
{
	struct rig *r;
	char *text;

	if (geteuid() != 0) {
		printf(" (not root: skipped) ");
		return;
	}
	r = begin();
	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = SH("id -u; id -g; cat "
					      "$BERTH_NODE_DIR/log* && echo in"),
				   .array_index = -1,
				   .uid = 65534 });
	CU_ASSERT_FATAL(rig_wait_end(r, 1, 0, 5000));
	text = rig_output(r, 0, "1/0.out");
	CU_ASSERT_STRING_EQUAL(text, "65534\n65534\n");
	free(text);
	/* The shepherd is that user's from now on. */
	launch(r, &(struct plain){ .job = 2,
				   .slice = 1,
				   .argv = ARGV("true"),
				   .array_index = -1,
				   .uid = 1 });
	CU_ASSERT_FATAL(rig_wait_end(r, 2, 0, 5000));
	CU_ASSERT_EQUAL(rig_task(r, 2, 0)->end,
			BERTH__TASK_END__END_FAILED_START);
	rig_destroy(r);
}

/* BERTH_TEST_TASKS: how many, for measuring. */
static void many(void)
{
	const char *wish = getenv("BERTH_TEST_TASKS");
	unsigned n = wish ? (unsigned)atoi(wish) : 500;
	struct rig *r = begin();
	uint64_t before = loop_now_us();

	launch(r, &(struct plain){ .job = 1,
				   .slice = 1,
				   .argv = ARGV("/bin/true"),
				   .array_index = 0,
				   .count = n });
	CU_ASSERT(rig_wait_end(r, 1, n - 1, 60000));
	CU_ASSERT_EQUAL(rig_ended(r), n);
	printf("\n    %u tasks, one slice: %.0f a second ", n,
	       n * 1e6 / (double)(loop_now_us() - before));
	rig_destroy(r);
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;

	CU_initialize_registry();
	s = CU_add_suite("shepherd", NULL, NULL);
	CU_ADD_TEST(s, output_and_code);
	CU_ADD_TEST(s, environment);
	CU_ADD_TEST(s, bad_starts);
	CU_ADD_TEST(s, strays_die);
	CU_ADD_TEST(s, killing);
	CU_ADD_TEST(s, nobodys_stray);
	CU_ADD_TEST(s, walltime_and_signals);
	CU_ADD_TEST(s, standard_input);
	CU_ADD_TEST(s, output_patterns);
	CU_ADD_TEST(s, launcher_comes_back);
	CU_ADD_TEST(s, dies_with_its_shepherd);
	CU_ADD_TEST(s, as_another_user);
	CU_ADD_TEST(s, many);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
