/* launcher_tables_test.c - settings, roster, node folder, context ids and the
 * table of tasks: what a launcher that starts again reads back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "launcher/context.h"
#include "launcher/fence.h"
#include "launcher/nodedir.h"
#include "launcher/roster.h"
#include "launcher/settings.h"
#include "launcher/tasks.h"
#include "unit.h"

static char base[64];

static char *node_dir(void)
{
	struct berth_error err;
	char *dir;

	snprintf(base, sizeof base, "/tmp/berth-unit-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(base));
	dir = nodedir_make(base, "n0", &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	return dir;
}

static void remove_dir(char *dir)
{
	char *cmd = mem_printf("rm -rf %s", base);

	CU_ASSERT_EQUAL(system(cmd), 0);
	free(cmd);
	free(dir);
}

static void test_settings(void)
{
	static const char *const lines[] = {
		"berth-bootstrap 1", "berth b1",	 "base-dir /tmp/x",
		"state-dir /s",	     "secret 00ff",	 "token t",
		"network ",	     "topology pack:2 core:4", "emulated",
		"conf-line a = 1;",  "conf-line ",	 "conf-line b = \"x\";",
		"end"};
	char *dir = node_dir();
	struct settings s, back;
	struct berth_error err;
	struct stat st;
	char *path;

	settings_init(&s);
	settings_put(&s.node, "n0");
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		CU_ASSERT_EQUAL(settings_line(&s, lines[i], &err), 0);
	CU_ASSERT_TRUE(s.complete);
	settings_put(&s.dir, dir);
	settings_put(&s.address, "10.0.0.1:77");
	CU_ASSERT_EQUAL(settings_save(&s, &err), 0);
	path = mem_printf("%s/settings", dir);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	free(path);

	settings_init(&back);
	CU_ASSERT_EQUAL_FATAL(settings_load(&back, dir, &err), 0);
	CU_ASSERT_STRING_EQUAL(back.node, "n0");
	CU_ASSERT_STRING_EQUAL(back.secret, "00ff");
	CU_ASSERT_STRING_EQUAL(back.topology, "pack:2 core:4");
	CU_ASSERT_STRING_EQUAL(back.network, "");
	CU_ASSERT_STRING_EQUAL(back.address, "10.0.0.1:77");
	CU_ASSERT_STRING_EQUAL(back.conf.data, "a = 1;\n\nb = \"x\";\n");
	CU_ASSERT_TRUE(back.emulated);
	CU_ASSERT_FALSE(back.broker);
	settings_finish(&back);
	settings_finish(&s);
	remove_dir(dir);
}

static void test_bad_settings(void)
{
	struct settings s;
	struct berth_error err;

	settings_init(&s);
	CU_ASSERT_EQUAL(settings_line(&s, "berth-bootstrap 2", &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_EPROTO);
	CU_ASSERT_EQUAL(settings_line(&s, "rm -rf /", &err), -1);
	CU_ASSERT_EQUAL(settings_line(&s, "", &err), -1);
	CU_ASSERT_EQUAL(settings_line(&s, "end", &err), -1);
	CU_ASSERT_FALSE(s.complete);
	settings_finish(&s);
}

static void test_roster(void)
{
	char *dir = node_dir();
	struct roster *r = roster_create("b1"), *back = roster_create("b1");
	struct berth_error err;
	Berth__Roster *msg;

	CU_ASSERT_EQUAL(roster_line(r, "roster 5", &err), 0);
	CU_ASSERT_EQUAL(roster_line(r, "member 0 n0 h:1", &err), 0);
	CU_ASSERT_EQUAL(roster_line(r, "member 4 n4 h:2", &err), 0);
	CU_ASSERT_EQUAL(roster_line(r, "member 5 n4 h:3", &err), -1);
	CU_ASSERT_EQUAL(roster_line(r, "member x", &err), -1);
	CU_ASSERT_FALSE(roster_put(r, "n4", "h:2"));
	CU_ASSERT_TRUE(roster_put(r, "n9", "h:9"));
	CU_ASSERT_EQUAL(roster_find(r, "n9")->index, 5);
	CU_ASSERT_TRUE(roster_put(r, "n4", "h:8"));
	CU_ASSERT_EQUAL(roster_find(r, "n4")->index, 4);
	CU_ASSERT_EQUAL(roster_version(r), 7);
	CU_ASSERT_EQUAL(roster_save(r, dir, &err), 0);
	CU_ASSERT_EQUAL(roster_load(back, dir, &err), 0);
	CU_ASSERT_EQUAL(roster_count(back), 3);
	CU_ASSERT_STRING_EQUAL(roster_find(back, "n4")->address, "h:8");

	msg = roster_msg(r);
	CU_ASSERT_FALSE(roster_merge(back, msg)); /* not newer */
	msg->version = 8;
	msg->n_members = 2;
	CU_ASSERT_TRUE(roster_merge(back, msg));
	CU_ASSERT_EQUAL(roster_count(back), 2);
	msg->n_members = 3;
	roster_msg_free(msg);
	roster_destroy(r);
	roster_destroy(back);
	remove_dir(dir);
}

static void test_nodedir(void)
{
	char *dir = node_dir(), *again, *path;
	char longer[100];
	struct berth_error err;
	int lock = nodedir_lock(dir, &err);

	CU_ASSERT(lock >= 0);
	CU_ASSERT_EQUAL(nodedir_lock(dir, &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_ECONFLICT);
	close(lock);
	lock = nodedir_lock(dir, &err);
	CU_ASSERT(lock >= 0);
	close(lock);

	CU_ASSERT_EQUAL(chmod(dir, 0755), 0);
	again = nodedir_make(base, "n0", &err);
	CU_ASSERT_PTR_NULL(again); /* others can enter */
	CU_ASSERT_EQUAL(chmod(dir, 0700), 0);

	memset(longer, 'x', sizeof longer);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';
	CU_ASSERT_PTR_NULL(nodedir_make(longer, "n0", &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--dir"));
	CU_ASSERT_PTR_NULL(nodedir_make("relative", "n0", &err));

	path = nodedir_read(dir, "nothing", &err);
	CU_ASSERT_PTR_NULL(path);
	remove_dir(dir);
}

static void test_contexts(void)
{
	char *dir = node_dir();
	struct contexts *c = contexts_create(dir);
	uint64_t last = 0;

	for (int i = 0; i < 3000; i++) {
		uint64_t id = contexts_next(c, 2);

		CU_ASSERT(id > last);
		CU_ASSERT_EQUAL(id >> 24, 2);
		last = id;
	}
	contexts_destroy(c); /* killed, as it were */
	c = contexts_create(dir);
	CU_ASSERT(contexts_next(c, 2) > last);
	contexts_destroy(c);
	remove_dir(dir);
}

/* ---- tasks ---- */

static void launched(struct tasks *t, const char *shepherd, uint64_t job,
		     uint32_t index)
{
	Berth__Launch l = BERTH__LAUNCH__INIT;
	Berth__TaskSpec spec = BERTH__TASK_SPEC__INIT, *specs[] = {&spec};

	l.shepherd = (char *)shepherd;
	spec.job = job;
	spec.index = index;
	l.n_tasks = 1;
	l.tasks = specs;
	tasks_launched(t, &l);
}

static int lost;

static void count_lost(void *arg, const Berth__TaskStatus *s)
{
	lost++;
	CU_ASSERT_EQUAL(s->state, BERTH__TASK_STATE__TASK_ENDED);
}

static void report(struct tasks *t, const char *shepherd, uint64_t job,
		   uint32_t index, Berth__TaskState state, bool full)
{
	Berth__TaskReport r = BERTH__TASK_REPORT__INIT;
	Berth__TaskStatus s = BERTH__TASK_STATUS__INIT, *all[] = {&s};

	s.job = job;
	s.index = index;
	s.state = state;
	r.full = full;
	r.n_tasks = 1;
	r.tasks = all;
	tasks_report(t, shepherd, &r, count_lost, NULL);
}

static size_t confirmed;

static void count_confirmed(void *arg, const char *shepherd,
			    Berth__TaskReport *ends)
{
	CU_ASSERT_STRING_EQUAL(shepherd, arg);
	confirmed += ends->n_tasks;
}

static void confirm(struct tasks *t, const char *shepherd, uint64_t job,
		    uint32_t index, uint64_t end_us)
{
	Berth__TaskReport r = BERTH__TASK_REPORT__INIT;
	Berth__TaskStatus s = BERTH__TASK_STATUS__INIT, *all[] = {&s};

	s.job = job;
	s.index = index;
	s.state = BERTH__TASK_STATE__TASK_ENDED;
	s.end_us = end_us;
	r.n_tasks = 1;
	r.tasks = all;
	tasks_confirm(t, &r, count_confirmed, (void *)shepherd);
}

static void test_tasks(void)
{
	struct tasks *t = tasks_create("n0");

	lost = 0;
	confirmed = 0;
	launched(t, "j1", 1, 0);
	launched(t, "j1", 1, 1);
	launched(t, "j2", 2, 0);
	CU_ASSERT_FALSE(tasks_reported(t, 1, 0));
	report(t, "j1", 1, 0, BERTH__TASK_STATE__TASK_RUNNING, false);
	CU_ASSERT_TRUE(tasks_reported(t, 1, 0));
	confirm(t, "j1", 1, 0, 0); /* it runs */
	report(t, "j1", 1, 0, BERTH__TASK_STATE__TASK_ENDED, false);
	CU_ASSERT_EQUAL(tasks_of(t, "j1"), 1);
	confirm(t, "j1", 1, 0, 9); /* of another run */
	CU_ASSERT_EQUAL(confirmed, 0);
	CU_ASSERT_EQUAL(tasks_count(t), 3);
	confirm(t, "j1", 1, 0, 0);
	CU_ASSERT_EQUAL(confirmed, 1);
	CU_ASSERT_EQUAL(tasks_count(t), 2);
	confirm(t, "j1", 1, 0, 0);
	CU_ASSERT_EQUAL(confirmed, 1);

	/* full: a task it had and has no more is lost, one that is still
	 * under way to it is not */
	report(t, "j2", 2, 0, BERTH__TASK_STATE__TASK_RUNNING, false);
	launched(t, "j2", 2, 1);
	report(t, "j2", 2, 9, BERTH__TASK_STATE__TASK_RUNNING, true);
	CU_ASSERT_EQUAL(lost, 1);
	CU_ASSERT_EQUAL(tasks_of(t, "j2"), 2);

	tasks_shepherd_gone(t, "j2", BERTH__TASK_END__END_LOST, "gone",
			    count_lost, NULL);
	CU_ASSERT_EQUAL(lost, 3);
	CU_ASSERT_EQUAL(tasks_of(t, "j2"), 0);
	CU_ASSERT_EQUAL(tasks_count(t), 4);
	tasks_destroy(t);
}

/* Of a leader that leads no more: it has not begun, and says so. */
static void test_tasks_refused(void)
{
	Berth__TaskSpec spec = BERTH__TASK_SPEC__INIT, *specs[] = {&spec};
	Berth__Launch l = BERTH__LAUNCH__INIT;
	struct tasks *t = tasks_create("n0");
	Berth__TaskReport *r;

	lost = 0;
	l.shepherd = "p";
	l.n_tasks = 1;
	l.tasks = specs;
	spec.job = 1;
	tasks_refused(t, &l, "too late", count_lost, NULL);
	CU_ASSERT_EQUAL(lost, 1);
	r = tasks_full(t);
	CU_ASSERT_EQUAL_FATAL(r->n_tasks, 1);
	CU_ASSERT_EQUAL(r->tasks[0]->end, BERTH__TASK_END__END_REVOKED);
	CU_ASSERT_EQUAL(r->tasks[0]->start_us, 0);
	CU_ASSERT_STRING_EQUAL(r->tasks[0]->text, "too late");
	tasks_report_free(r);
	/* One that a later leader gave is not touched. */
	launched(t, "p", 2, 0);
	spec.job = 2;
	tasks_refused(t, &l, "too late", count_lost, NULL);
	CU_ASSERT_EQUAL(lost, 1);
	CU_ASSERT_EQUAL(tasks_of(t, "p"), 1);
	tasks_destroy(t);
}

/* Kept as long as they are not confirmed, and no longer. */
static void test_many_ends(void)
{
	struct tasks *t = tasks_create("n0");
	Berth__TaskReport *r;

	confirmed = 0;
	for (uint32_t i = 0; i < 100000; i++) {
		launched(t, "p", 1, i);
		report(t, "p", 1, i, BERTH__TASK_STATE__TASK_ENDED, false);
	}
	r = tasks_full(t);
	CU_ASSERT_TRUE(r->full);
	CU_ASSERT_EQUAL(r->n_tasks, 100000);
	tasks_report_free(r);
	for (uint32_t i = 0; i < 100000; i++)
		confirm(t, "p", 1, i, 0);
	CU_ASSERT_EQUAL(confirmed, 100000);
	CU_ASSERT_EQUAL(tasks_count(t), 0);
	tasks_destroy(t);
}

static void test_fence(void)
{
	char *dir = node_dir();
	struct fence *f = fence_create(dir);

	CU_ASSERT_EQUAL(fence_term(f), 0);
	CU_ASSERT_TRUE(fence_raise(f, 7));
	CU_ASSERT_FALSE(fence_raise(f, 7));
	CU_ASSERT_FALSE(fence_raise(f, 3));
	CU_ASSERT_EQUAL(fence_term(f), 7);
	fence_destroy(f);
	/* A launcher that starts again knows it still. */
	f = fence_create(dir);
	CU_ASSERT_EQUAL(fence_term(f), 7);
	fence_destroy(f);
	remove_dir(dir);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"settings come back", test_settings},
		{"bad settings", test_bad_settings},
		{"roster", test_roster},
		{"node folder", test_nodedir},
		{"context ids", test_contexts},
		{"the highest term", test_fence},
		{"tasks", test_tasks},
		{"tasks refused", test_tasks_refused},
		{"many ends", test_many_ends},
	};

	return unit_main("launcher tables", tests,
			 sizeof tests / sizeof tests[0]);
}
