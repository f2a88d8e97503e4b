/* MPI jobs under real shepherds, two of them as two nodes. */
#include <CUnit/Basic.h>
#include <dirent.h>
#include <mpi.h> /* only for which version it is */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "shepherd_rig.h"

#define PROGRAM TEST_BUILDDIR "/tests/unit/shepherd_mpi"
#define ARGV(...) ((char *[]){ PROGRAM, __VA_ARGS__, NULL })
#define LONG 30000

static char *output(struct rig *r, uint64_t job, unsigned node, int rank,
		    const char *stream)
{
	char name[64];

	snprintf(name, sizeof(name), "%lu/%u.%d.%s", (unsigned long)job, node,
		 rank, stream);
	return rig_output(r, node, name);
}

/* All ranks said ok and nobody complained. */
static void check_ok(struct rig *r, const struct rig_job *j)
{
	for (unsigned node = 0; node < j->nnodes; node++) {
		const struct rig_task *t = rig_task(r, j->job, node);

		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		CU_ASSERT_EQUAL(t->end, BERTH__TASK_END__END_EXITED);
		CU_ASSERT_EQUAL(t->code, 0);
		if (t->code || t->text[0])
			printf("# node %u: %s\n", node, t->text);
		for (unsigned k = 0; k < j->per_node; k++) {
			int rank = (int)(node * j->per_node + k);
			char *out = output(r, j->job, node, rank, "out");
			char *err = output(r, j->job, node, rank, "err"), ok[32];

			snprintf(ok, sizeof(ok), "ok %d of %u\n", rank,
				 j->nnodes * j->per_node);
			CU_ASSERT(out && strstr(out, ok));
			CU_ASSERT_STRING_EQUAL(err ? err : "none", "");
			if (err && err[0])
				printf("# rank %d: %s\n", rank, err);
			free(out);
			free(err);
		}
	}
}

static void run_ok(struct rig *r, struct rig_job j)
{
	rig_launch_mpi(r, &j);
	CU_ASSERT_FATAL(rig_wait_mpi(r, &j, LONG));
	check_ok(r, &j);
}

static void one_node(void)
{
	struct rig *r = rig_create();

	run_ok(r, (struct rig_job){ .job = 1, .nnodes = 1, .per_node = 1,
				    .argv = ARGV("hello") });
	run_ok(r, (struct rig_job){ .job = 2, .nnodes = 1, .per_node = 4,
				    .argv = ARGV("ring") });
	run_ok(r, (struct rig_job){ .job = 3, .nnodes = 1, .per_node = 2,
				    .argv = ARGV("coll"), .bind = true });
	rig_destroy(r);
}

static void two_nodes(void)
{
	struct rig *r = rig_create();
	char *text;

	run_ok(r, (struct rig_job){ .job = 1, .nnodes = 2, .per_node = 2,
				    .argv = ARGV("ring") });
	run_ok(r, (struct rig_job){ .job = 2, .nnodes = 2, .per_node = 2,
				    .argv = ARGV("coll") });
	run_ok(r, (struct rig_job){ .job = 3, .nnodes = 2, .per_node = 2,
				    .argv = ARGV("locality") });
	text = output(r, 3, 1, 3, "out");
	CU_ASSERT(text && strstr(text, "node n1 holds 2\n"));
	free(text);
	rig_destroy(r);
}

static void check_failed(struct rig *r, const char *what, Berth__TaskEnd end,
			 int code, int signal)
{
	struct rig_job j = { .job = 9, .nnodes = 2, .per_node = 2,
			     .argv = ARGV((char *)what) };

	rig_launch_mpi(r, &j);
	CU_ASSERT_FATAL(rig_wait_mpi(r, &j, LONG));
	for (unsigned node = 0; node < 2; node++) {
		const struct rig_task *t = rig_task(r, 9, node);

		CU_ASSERT_EQUAL(t->end, end);
		CU_ASSERT_EQUAL(t->code, code);
		CU_ASSERT_EQUAL(t->signal, signal);
		CU_ASSERT_EQUAL(t->rank, 3);
		CU_ASSERT_PTR_NOT_NULL(strstr(t->text, "rank 3 on n1 "));
		if (t->rank != 3)
			printf("# %s, node %u: %s\n", what, node, t->text);
	}
}

static void failures(void)
{
	static const struct {
		const char *what;
		Berth__TaskEnd end;
		int code, signal;
	} v[] = {
		{ "abort", BERTH__TASK_END__END_ABORTED, 42, 0 },
		{ "killed", BERTH__TASK_END__END_SIGNALED, 0, SIGKILL },
		{ "exit7", BERTH__TASK_END__END_EXITED, 7, 0 },
		{ "leave", BERTH__TASK_END__END_NO_FINALIZE, 1, 0 },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct rig *r = rig_create();

		check_failed(r, v[i].what, v[i].end, v[i].code, v[i].signal);
		rig_destroy(r);
	}
}

static void spawning(void)
{
	struct rig *r = rig_create();
	struct rig_job j = { .job = 1, .nnodes = 2, .per_node = 1,
			     .argv = ARGV("spawn") };
	char *out;

	run_ok(r, j);
	out = rig_output(r, 1, "1/1.berth.1-n0.0.1.1.out");
	CU_ASSERT(out && strcmp(out, "ok 1 of 3\n") == 0);
	free(out);
	/* One rank: the others would wait for ever, that is MPI's way. */
	j.job = 2;
	j.nnodes = 1;
	j.argv = ARGV("missing");
	rig_launch_mpi(r, &j);
	CU_ASSERT_FATAL(rig_wait_mpi(r, &j, LONG));
	CU_ASSERT_EQUAL(rig_task(r, 2, 0)->code, 0);
	rig_destroy(r);
}

static void two_jobs_meet(void)
{
	struct rig *r = rig_create();
	struct rig_job a = { .job = 1, .nnodes = 2, .per_node = 1,
			     .argv = ARGV("accept", "here") };
	struct rig_job b = { .job = 2, .nnodes = 1, .per_node = 2,
			     .argv = ARGV("connect", "here") };

	rig_launch_mpi(r, &a);
	rig_launch_mpi(r, &b);
	CU_ASSERT_FATAL(rig_wait_mpi(r, &a, LONG));
	CU_ASSERT_FATAL(rig_wait_mpi(r, &b, LONG));
	check_ok(r, &a);
	check_ok(r, &b);
	rig_destroy(r);
}

static void sessions(void)
{
#if OMPI_MAJOR_VERSION >= 5
	struct rig *r = rig_create();

	run_ok(r, (struct rig_job){ .job = 1, .nnodes = 2, .per_node = 2,
				    .argv = ARGV("session") });
	run_ok(r, (struct rig_job){ .job = 2, .nnodes = 1, .per_node = 2,
				    .argv = ARGV("session") });
	rig_destroy(r);
#else
	printf(" (this MPI has none) ");
#endif
}

static bool wait_gone(struct rig *r, unsigned node, const char *key)
{
	for (int i = 0; i < 60; i++) {
		if (rig_gone(r, node, key))
			return true;
		rig_run(r, 100);
	}
	return false;
}

static void launcher_away(void)
{
	struct rig *r = rig_create();
	struct rig_job j = { .job = 1, .nnodes = 2, .per_node = 1,
			     .argv = ARGV("coll") };

	rig_launch_mpi(r, &j);
	rig_run(r, 30);
	rig_cut(r, 0, "j1");
	rig_run(r, 300);
	rig_connect(r, 0, "j1");
	CU_ASSERT_FATAL(rig_wait_mpi(r, &j, LONG));
	check_ok(r, &j);
	CU_ASSERT(wait_gone(r, 0, "j1"));
	CU_ASSERT(wait_gone(r, 1, "j1"));
	rig_destroy(r);
}

static unsigned count_left(const char *dir, const char *prefix)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned n = 0;

	while (d && ((void)(e = readdir(d)), e != NULL))
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	if (d)
		closedir(d);
	return n;
}

/* A job that dies the hard way, and where its shared memory was. */
static void nothing_left(void)
{
	struct rig *r = rig_create();
	struct rig_job j = {
		.job = 1,
		.nnodes = 1,
		.per_node = 2,
		.argv = (char *[]){ "sh", "-c",
				    "echo $OMPI_MCA_btl_sm_backing_directory; "
				    "exec " PROGRAM " killed",
				    NULL },
	};
	char *where;

	setenv("TMPDIR", rig_dir(r), 1);
	rig_launch_mpi(r, &j);
	CU_ASSERT_FATAL(rig_wait_mpi(r, &j, LONG));
	where = output(r, 1, 0, 0, "out");
	CU_ASSERT_FATAL(where && strncmp(where, "/dev/shm/", 9) == 0);
	where[strcspn(where, "\n")] = '\0';
	CU_ASSERT(wait_gone(r, 0, "j1"));
	CU_ASSERT_EQUAL(count_left(rig_dir(r), "berth-session."), 0);
	CU_ASSERT_NOT_EQUAL(access(where, F_OK), 0);
	free(where);
	unsetenv("TMPDIR");
	rig_destroy(r);
}

/* The second job's server takes the topology that the first one's left. */
static void topology_is_kept(void)
{
	struct rig *r = rig_create();
	char *path = mem_printf("%s/n0/topology.xml", rig_dir(r)), *log;

	run_ok(r, (struct rig_job){ .job = 1, .nnodes = 1, .per_node = 2,
				    .argv = ARGV("hello"), .bind = true });
	CU_ASSERT(wait_gone(r, 0, "j1"));
	CU_ASSERT_EQUAL(access(path, R_OK), 0);
	run_ok(r, (struct rig_job){ .job = 2, .nnodes = 1, .per_node = 2,
				    .argv = ARGV("locality"), .bind = true });
	log = output(r, 2, 0, 1, "out");
	CU_ASSERT(log && strstr(log, "node n0 holds 2\n"));
	free(log);

	free(path);
	rig_destroy(r);
}

static void as_another_user(void)
{
	struct rig *r;

	if (geteuid() != 0 || system("exec setpriv --reuid 65534 --regid 65534 "
				     "--clear-groups test -x " PROGRAM) != 0) {
		printf(" (not root, or no other user gets here: skipped) ");
		return;
	}
	r = rig_create();
	run_ok(r, (struct rig_job){ .job = 1, .nnodes = 2, .per_node = 2,
				    .argv = ARGV("coll"), .uid = 65534 });
	rig_destroy(r);
}

int main(void)
{
	CU_pSuite s;
	unsigned failures_seen;

	/* Open MPI 5 finds its own host unreachable from itself, and says so
	 * under mpirun as well. */
	setenv("OMPI_MCA_reachable", "weighted", 1);
	CU_initialize_registry();
	s = CU_add_suite("shepherd, MPI", NULL, NULL);
	CU_ADD_TEST(s, one_node);
	CU_ADD_TEST(s, two_nodes);
	CU_ADD_TEST(s, failures);
	CU_ADD_TEST(s, spawning);
	CU_ADD_TEST(s, two_jobs_meet);
	CU_ADD_TEST(s, sessions);
	CU_ADD_TEST(s, launcher_away);
	CU_ADD_TEST(s, nothing_left);
	CU_ADD_TEST(s, topology_is_kept);
	CU_ADD_TEST(s, as_another_user);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures_seen = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures_seen ? 1 : 0;
}
