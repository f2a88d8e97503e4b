/* Parts of the shepherd that need no process: environment, binding, GPU
 * visibility, output names, what a launch must hold. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/scratch.h"
#include "shepherd/bind.h"
#include "shepherd/env.h"
#include "shepherd/gpu.h"
#include "shepherd/launch.h"
#include "shepherd/nspace.h"
#include "shepherd/output.h"
#include "shepherd/session.h"

/* ---- environment ------------------------------------------------------- */

static void env_is_scrubbed(void)
{
	char *from[] = { "A=1", "PMIX_RANK=3", "PMIX_MCA_psec=munge",
			 "OMPI_COMM_WORLD_RANK=0", "OMPI_MCA_btl=tcp",
			 "OMPI_MCA_orte_ess_num_procs=2", "SLURM_STEP_ID=0",
			 "SLURM_JOB_ID=5", "nothing", "A=2", "=x" };
	struct env *e = env_create(from, sizeof(from) / sizeof(from[0]));
	char *const *v;
	size_t n = 0;

	env_scrub(e);
	CU_ASSERT_STRING_EQUAL(env_get(e, "A"), "2");
	CU_ASSERT_STRING_EQUAL(env_get(e, "PMIX_MCA_psec"), "munge");
	CU_ASSERT_STRING_EQUAL(env_get(e, "OMPI_MCA_btl"), "tcp");
	CU_ASSERT_STRING_EQUAL(env_get(e, "SLURM_JOB_ID"), "5");
	for (v = env_vector(e); *v; v++)
		n++;
	CU_ASSERT_EQUAL(n, 4);
	env_destroy(e);
}

static void env_is_set(void)
{
	struct env *e = env_create(NULL, 0), *c;
	char *big = mem_alloc(10001);

	memset(big, 'y', 10000);
	env_set(e, "BIG", "%s", big);
	env_set(e, "AB", "%d", 1);
	env_set(e, "A", "%d", 2);
	env_put(e, "A=3");
	c = env_copy(e);
	env_unset(e, "AB");
	CU_ASSERT_PTR_NULL(env_get(e, "AB"));
	CU_ASSERT_STRING_EQUAL(env_get(c, "AB"), "1");
	CU_ASSERT_STRING_EQUAL(env_get(c, "A"), "3");
	CU_ASSERT_STRING_EQUAL(env_get(c, "BIG"), big);
	env_destroy(c);
	env_destroy(e);
	free(big);
}

/* ---- binding ----------------------------------------------------------- */

static void bind_by_core(void)
{
	char *cores[] = { "0,4", "1,5", "2,6", "3,7" };
	struct binder *b = binder_create();
	Berth__Slice s = BERTH__SLICE__INIT;
	struct bitset set[3];
	struct berth_error err;
	char *text;

	for (int i = 0; i < 3; i++)
		bitset_init(&set[i]);
	s.pus = "0-7";
	s.core_pus = cores;
	s.n_core_pus = 4;
	CU_ASSERT_EQUAL(bind_ranks(b, &s, "core", "", 2, set, &err), 0);
	text = bitset_format(&set[1]);
	CU_ASSERT_STRING_EQUAL(text, "2-3,6-7");
	free(text);
	CU_ASSERT_EQUAL(bind_ranks(b, &s, "none", "core", 3, set, &err), 0);
	CU_ASSERT_EQUAL(bitset_count(&set[2]), 8);
	CU_ASSERT_EQUAL(bind_ranks(b, &s, "knee", "", 2, set, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "knee"));
	s.pus = "0-x";
	CU_ASSERT_EQUAL(bind_slice(&s, &set[0], &err), -1);
	cores[2] = "";
	CU_ASSERT_EQUAL(bind_ranks(b, &s, "core", "", 2, set, &err), -1);
	for (int i = 0; i < 3; i++)
		bitset_finish(&set[i]);
	binder_destroy(b);
}

/* ---- GPUs -------------------------------------------------------------- */

static void put(const char *root, const char *dev, const char *file,
		const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", root, dev);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s", root, dev,
		 file);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void make_sysfs(char *root)
{
	static const char *const dirs[] = { "bus", "bus/pci",
					    "bus/pci/devices" };
	static const char *const gpu[] = { "0000:c1:00.0", "0000:01:00.0",
					   "0000:41:00.0", "0000:81:00.0" };
	char path[128];

	strcpy(root, "/tmp/berth-sysfs.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, dirs[i]);
		mkdir(path, 0700);
	}
	for (int i = 0; i < 4; i++) {
		put(root, gpu[i], "vendor", "0x10de\n");
		put(root, gpu[i], "class", "0x030200\n");
	}
	/* A management controller's screen is no GPU. */
	put(root, "0000:02:00.0", "vendor", "0x1a03\n");
	put(root, "0000:02:00.0", "class", "0x030000\n");
}

static void gpus_are_shown(void)
{
	char root[64], remove[128];
	Berth__Device d[2], *devices[2] = { &d[0], &d[1] };
	Berth__Slice s = BERTH__SLICE__INIT;
	struct env *e = env_create(NULL, 0);
	struct gpus *g;

	make_sysfs(root);
	g = gpus_create(root);
	gpus_set_env(g, &s, 0, 1, e);
	CU_ASSERT_STRING_EQUAL(env_get(e, "CUDA_VISIBLE_DEVICES"), "");
	CU_ASSERT_PTR_NULL(env_get(e, "ROCR_VISIBLE_DEVICES"));
	for (int i = 0; i < 2; i++) {
		berth__device__init(&d[i]);
		d[i].kind = "gpu";
		d[i].vendor = "nvidia";
	}
	d[0].pci = "0000:81:00.0";
	d[1].pci = "0000:01:00.0";
	s.devices = devices;
	s.n_devices = 2;
	gpus_set_env(g, &s, 0, 1, e);
	CU_ASSERT_STRING_EQUAL(env_get(e, "CUDA_VISIBLE_DEVICES"), "2,0");
	CU_ASSERT_STRING_EQUAL(env_get(e, "CUDA_DEVICE_ORDER"), "PCI_BUS_ID");
	gpus_set_env(g, &s, 1, 2, e);
	CU_ASSERT_STRING_EQUAL(env_get(e, "CUDA_VISIBLE_DEVICES"), "0");
	d[0].uuid = "GPU-a";
	d[1].uuid = "GPU-b";
	gpus_set_env(g, &s, 0, 3, e);
	CU_ASSERT_STRING_EQUAL(env_get(e, "CUDA_VISIBLE_DEVICES"),
			       "GPU-a,GPU-b");
	gpus_destroy(g);
	env_destroy(e);
	snprintf(remove, sizeof(remove), "rm -r %s", root);
	CU_ASSERT_EQUAL(system(remove), 0);
}

/* ---- names ------------------------------------------------------------- */

static void output_names(void)
{
	struct output *o = output_create(-1, "n7");
	Berth__Spec spec = BERTH__SPEC__INIT;
	struct output_name n = { .job = 12, .index = 3, .rank = 5,
				 .array_index = -1 };
	char *text;

	spec.job_name = "heat";
	text = output_expand(o, "%x-%j.%J.%t.%a.%N%n%%%q%", &spec, &n);
	CU_ASSERT_STRING_EQUAL(text, "heat-12.12.3.5.0.n7n7%%q%");
	free(text);
	output_destroy(o);
}

/* ---- launches and maps ------------------------------------------------- */

static struct launch *try_launch(const char *argv0, uint32_t *ranks, size_t n,
				 uint32_t app_size, struct berth_error *err)
{
	Berth__App app = BERTH__APP__INIT, *apps = &app;
	Berth__Spec spec = BERTH__SPEC__INIT;
	Berth__JobMap map = BERTH__JOB_MAP__INIT;
	Berth__NodeRanks node = BERTH__NODE_RANKS__INIT, *nodes = &node;
	Berth__Launch l = BERTH__LAUNCH__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	char *argv = (char *)argv0;

	app.argv = &argv;
	app.n_argv = 1;
	spec.apps = &apps;
	spec.n_apps = 1;
	spec.pmix = true;
	node.node = "n0";
	node.ranks = ranks;
	node.n_ranks = n;
	map.nspace = "x";
	map.nodes = &nodes;
	map.n_nodes = 1;
	map.app_sizes = &app_size;
	map.n_app_sizes = 1;
	l.spec = &spec;
	l.map = &map;
	msg.body_case = BERTH__MSG__BODY_LAUNCH;
	msg.launch = &l;
	return launch_create(&msg, err);
}

static void bad_launches(void)
{
	uint32_t good[] = { 0, 1, 2 }, twice[] = { 0, 1, 1 },
		 gap[] = { 0, 1, 3 }, huge[] = { 0, 1, 0xfffffffe };
	struct berth_error err;
	struct launch *l = try_launch("a.out", good, 3, 3, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	CU_ASSERT_EQUAL(launch_size(l), 3);
	CU_ASSERT_EQUAL(launch_app_of(l, 2), 0);
	launch_unref(l);
	CU_ASSERT_PTR_NULL(try_launch("", good, 3, 3, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no name"));
	CU_ASSERT_PTR_NULL(try_launch("a.out", twice, 3, 3, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "rank 1 on node n0"));
	CU_ASSERT_PTR_NULL(try_launch("a.out", gap, 3, 3, &err));
	CU_ASSERT_PTR_NULL(try_launch("a.out", huge, 3, 3, &err));
	CU_ASSERT_PTR_NULL(try_launch("a.out", good, 3, 2, &err));
	CU_ASSERT_PTR_NULL(try_launch("a.out", good, 0, 0, &err));
}

static void maps(void)
{
	struct nspace_list list = TAILQ_HEAD_INITIALIZER(list);
	Berth__JobMap map = BERTH__JOB_MAP__INIT;
	Berth__NodeRanks node[2], *nodes[2] = { &node[0], &node[1] };
	uint32_t a[] = { 0, 2 }, b[] = { 1, 3 }, sizes[] = { 1, 3 }, leader;
	struct parties p = { 0 };
	struct berth_error err;
	struct nspace *n;

	for (int i = 0; i < 2; i++)
		berth__node_ranks__init(&node[i]);
	node[0].node = "n1";
	node[0].ranks = a;
	node[1].node = "n0";
	node[1].ranks = b;
	node[0].n_ranks = node[1].n_ranks = 2;
	map.nspace = "x";
	map.nodes = nodes;
	map.n_nodes = 2;
	map.app_sizes = sizes;
	map.n_app_sizes = 2;
	n = nspace_add(&list, &map, "j1", 1, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(n);
	CU_ASSERT_STRING_EQUAL(nspace_node(n, 2), "n1");
	CU_ASSERT_STRING_EQUAL(nspace_node(n, 3), "n0");
	CU_ASSERT_PTR_NULL(nspace_node(n, 4));
	CU_ASSERT_EQUAL(nspace_app(n, 3, &leader), 1);
	CU_ASSERT_EQUAL(leader, 1);
	CU_ASSERT_PTR_EQUAL(nspace_find(&list, "x"), n);
	parties_add(&p, "n1", "j1");
	parties_add(&p, "n0", "j2");
	parties_add(&p, "n0", "j1");
	parties_add(&p, "n1", "j1");
	parties_sort(&p);
	CU_ASSERT_EQUAL(p.n, 3);
	CU_ASSERT_STRING_EQUAL(p.p[0]->shepherd, "j1");
	CU_ASSERT_STRING_EQUAL(p.p[2]->node, "n1");
	parties_finish(&p);
	nspace_remove(&list, n);
}

/* ---- what killed ranks leave -------------------------------------------- */

/* The same file names as Open MPI's, with a number it does not reach. */
static void trial_files(void)
{
	char *left = mem_printf("/dev/shm/open_mpi.9%d", (int)getpid());
	char *open_one = mem_printf("/dev/shm/open_mpi.8%d", (int)getpid());
	struct berth_error err;
	struct session *s;
	int fd;

	close(open(left, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
	fd = open(open_one, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	s = session_create(&err);
	CU_ASSERT_PTR_NOT_NULL(s);
	CU_ASSERT_NOT_EQUAL(access(left, F_OK), 0);
	CU_ASSERT_EQUAL(access(open_one, F_OK), 0);
	close(fd);
	session_destroy(s);
	CU_ASSERT_NOT_EQUAL(access(open_one, F_OK), 0);
	free(open_one);
	free(left);
}

/* Folders of a shepherd that is killed go, those of a living one stay. */
static void left_folders(void)
{
	struct berth_error err;
	struct session *mine = session_create(&err);
	char left[2][80] = { "", "" }, file[96];
	int fds[2], status;
	pid_t child;

	CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		struct session *s = session_create(&err);

		snprintf(left[0], sizeof(left[0]), "%s", session_path(s));
		snprintf(left[1], sizeof(left[1]), "%s",
			 session_shared_memory(s));
		session_mkdir(s, "full");
		if (write(fds[1], left, sizeof(left)) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	CU_ASSERT_EQUAL(read(fds[0], left, sizeof(left)),
			(ssize_t)sizeof(left));
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT(left[0][0] && left[1][0]);
	snprintf(file, sizeof(file), "%s/full", left[0]);
	CU_ASSERT_EQUAL(access(file, F_OK), 0);
	scratch_sweep();
	CU_ASSERT_NOT_EQUAL(access(left[0], F_OK), 0);
	CU_ASSERT_NOT_EQUAL(access(left[1], F_OK), 0);
	CU_ASSERT_EQUAL(access(session_path(mine), F_OK), 0);
	session_destroy(mine);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	CU_pSuite s;
	unsigned failures;

	CU_initialize_registry();
	s = CU_add_suite("shepherd, parts", NULL, NULL);
	CU_ADD_TEST(s, env_is_scrubbed);
	CU_ADD_TEST(s, env_is_set);
	CU_ADD_TEST(s, bind_by_core);
	CU_ADD_TEST(s, gpus_are_shown);
	CU_ADD_TEST(s, output_names);
	CU_ADD_TEST(s, bad_launches);
	CU_ADD_TEST(s, maps);
	CU_ADD_TEST(s, trial_files);
	CU_ADD_TEST(s, left_folders);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
