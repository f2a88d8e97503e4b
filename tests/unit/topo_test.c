/* Discovery: our own inputs with the traps that real machines hold, the real
 * machines' table where that data is there, restricted cpusets, bad input,
 * and binding. */
#include <CUnit/Basic.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "topo/bind.h"
#include "topo/parts.h"
#include "topo/topo.h"

static char *input(const char *name)
{
	return mem_printf("%s/unit/topologies/%s", TEST_SRCDIR, name);
}

static struct topology *load(const char *name)
{
	struct berth_error err = { 0 };
	char *path = input(name);
	struct topology *t = topo_load(path, 0, NULL, &err);

	if (t == NULL)
		printf("\n%s\n", err.text);
	free(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

static void assert_set(const struct bitset *s, const char *want)
{
	char *text = bitset_format(s);

	if (strcmp(text, want) != 0)
		printf("\nset is \"%s\", should be \"%s\"\n", text, want);
	CU_ASSERT_STRING_EQUAL(text, want);
	free(text);
}

/* ---- our own inputs ---------------------------------------------------- */

static void counts(void)
{
	struct topology *t = load("traps.xml");

	CU_ASSERT_EQUAL(t->npackages, 2);
	CU_ASSERT_EQUAL(t->nnumas, 3);
	CU_ASSERT_EQUAL(t->nl3s, 2);
	CU_ASSERT_EQUAL(t->ncores, 4);
	CU_ASSERT_EQUAL(t->npus, 8);
	CU_ASSERT_EQUAL(t->ngpus, 2);
	CU_ASSERT_EQUAL(t->ndrives, 4);
	CU_ASSERT_EQUAL(t->nports, 2);
	assert_set(&t->core[1].pus, "2-3");
	CU_ASSERT_EQUAL(t->core[1].l2, t->core[0].l2);
	CU_ASSERT_EQUAL(t->core[2].l2, -1);
	CU_ASSERT_EQUAL(t->core[2].l3, 1);
	CU_ASSERT_EQUAL(t->core[2].package, 1);
	CU_ASSERT_EQUAL(t->numa[t->core[2].numa].os_index, 4);
	topology_unref(t);
}

static void hbm_is_listed_not_offered(void)
{
	struct topology *t = load("traps.xml");

	CU_ASSERT_EQUAL(t->total_mib, 12288);
	for (size_t i = 0; i < t->nnumas; i++) {
		bool hbm = t->numa[i].os_index == 8;

		CU_ASSERT_EQUAL(t->numa[i].cpuless, hbm);
		CU_ASSERT_EQUAL(t->numa[i].kind == TOPOLOGY_HBM, hbm);
		CU_ASSERT_EQUAL(bitset_empty(&t->numa[i].cores), hbm);
	}
	topology_unref(t);
}

static void gpus(void)
{
	struct topology *t = load("traps.xml");

	CU_ASSERT_STRING_EQUAL(t->gpu[0].pci, "0000:01:00.0");
	CU_ASSERT_STRING_EQUAL(t->gpu[0].uuid, "GPU-one");
	CU_ASSERT_STRING_EQUAL(t->gpu[0].vendor, "nvidia");
	CU_ASSERT_STRING_EQUAL(t->gpu[0].model, "Model One");
	CU_ASSERT_EQUAL(t->gpu[0].mib, 4096);
	assert_set(&t->gpu[0].cores, "0-1");
	CU_ASSERT_EQUAL(t->gpu[0].package, 0);
	CU_ASSERT_STRING_EQUAL(t->gpu[1].vendor, "amd");
	CU_ASSERT_STRING_EQUAL(t->gpu[1].uuid, "");
	assert_set(&t->gpu[1].cores, "2-3");
	CU_ASSERT_EQUAL(t->numa[t->gpu[1].numa].os_index, 4);
	topology_unref(t);
}

static void drives_and_ports(void)
{
	struct topology *t = load("traps.xml");

	/* two namespaces, one drive */
	CU_ASSERT_STRING_EQUAL(t->drive[0].name, "nvme3");
	CU_ASSERT_EQUAL(t->drive[0].kind, TOPOLOGY_NVME);
	CU_ASSERT_EQUAL(t->drive[0].mib, 3072);
	/* a path and its multipath node, one drive */
	CU_ASSERT_STRING_EQUAL(t->drive[1].name, "nvme2");
	CU_ASSERT_EQUAL(t->drive[1].mib, 3072);
	CU_ASSERT_STRING_EQUAL(t->drive[2].name, "sda");
	CU_ASSERT_STRING_EQUAL(t->drive[2].pci, "");
	CU_ASSERT_EQUAL(t->drive[2].numa, -1);
	CU_ASSERT_EQUAL(t->drive[3].kind, TOPOLOGY_REMOVABLE);
	/* an interface beside its verbs device is no second port */
	CU_ASSERT_STRING_EQUAL(t->port[0].name, "hsi0");
	CU_ASSERT_STRING_EQUAL(t->port[1].name, "mlx5_0");
	CU_ASSERT_STRING_EQUAL(t->port[1].pci, "0000:82:00.0");
	topology_unref(t);
}

static void synthetic(void)
{
	struct berth_error err;
	struct topology *t = topo_load(
		"pack:2 [numa(memory=1GB)] l3:2 core:4 pu:2", 0, NULL, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->npackages, 2);
	CU_ASSERT_EQUAL(t->nnumas, 2);
	CU_ASSERT_EQUAL(t->nl3s, 4);
	CU_ASSERT_EQUAL(t->ncores, 16);
	CU_ASSERT_EQUAL(t->npus, 32);
	CU_ASSERT_EQUAL(t->ngpus + t->ndrives + t->nports, 0);
	CU_ASSERT(t->total_mib >= 1900 && t->total_mib <= 2048);
	topology_unref(t);
	/* no cores given: each PU is one */
	t = topo_load_synthetic("pu:6", NULL, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->ncores, 6);
	topology_unref(t);
}

/* ---- a part of the machine --------------------------------------------- */

static void part_of_cores(void)
{
	struct topology *t = load("part.xml"); /* PUs 1, 4 and 5 */

	assert_set(&t->pus, "1,4-5");
	CU_ASSERT_EQUAL(t->ncores, 2);
	assert_set(&t->core[0].pus, "1");
	assert_set(&t->core[1].pus, "4-5");
	CU_ASSERT_EQUAL(t->core[1].package, 1);
	CU_ASSERT_EQUAL(t->nnumas, 3);
	CU_ASSERT_EQUAL(t->ngpus, 2);
	assert_set(&t->gpu[0].cores, "0");
	topology_unref(t);
}

static void part_without_a_package(void)
{
	struct topology *t = load("second.xml"); /* PUs of package 1 */

	assert_set(&t->pus, "4-7");
	CU_ASSERT_EQUAL(t->ncores, 2);
	/* the others' memory stays visible and is not offered */
	CU_ASSERT_EQUAL(t->nnumas, 3);
	CU_ASSERT_EQUAL(t->total_mib, 4096);
	/* so do their devices: near no core of ours */
	CU_ASSERT_EQUAL(t->ngpus, 2);
	CU_ASSERT(bitset_empty(&t->gpu[0].cores));
	CU_ASSERT_EQUAL(t->numa[t->gpu[0].numa].os_index, 0);
	topology_unref(t);
}

/* hwloc's PCI plug-in leaves a little behind at dlclose, where LeakSanitizer
 * can't be told whose it is. */
static void without_pci_under_asan(void)
{
#ifdef __SANITIZE_ADDRESS__
	setenv("HWLOC_COMPONENTS", "-pci", 1);
#endif
}

static void machine_follows_affinity(void)
{
	struct berth_error err = { 0 };
	struct topology *all, *mine, *whole;
	cpu_set_t before, one;
	int cpu = 0;

	without_pci_under_asan();
	CU_ASSERT_EQUAL(sched_getaffinity(0, sizeof(before), &before), 0);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	all = topo_load(NULL, 0, NULL, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	CU_ASSERT_EQUAL(all->npus, (size_t)CPU_COUNT(&before));
	CU_ASSERT(all->total_mib > 0);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof(one), &one), 0);
	mine = topo_load_system(0, NULL, &err);
	whole = topo_load_system(TOPO_IGNORE_BINDING, NULL, &err);
	sched_setaffinity(0, sizeof(before), &before);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mine);
	CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
	CU_ASSERT_EQUAL(mine->npus, 1);
	CU_ASSERT(bitset_test(&mine->pus, (unsigned)cpu));
	CU_ASSERT(whole->npus >= all->npus);
	topology_unref(whole);
	whole = topo_load_system(TOPO_IGNORE_BINDING | TOPO_NO_DEVICES, NULL,
				 &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
	CU_ASSERT_EQUAL(whole->ndrives + whole->ngpus + whole->nports, 0);
	CU_ASSERT_EQUAL(mine->nnumas, all->nnumas);
	topology_unref(all);
	topology_unref(mine);
	topology_unref(whole);
}

/* ---- by wire ----------------------------------------------------------- */

static void same_at_a_peer(void)
{
	static const char *const names[] = { "traps.xml", "part.xml",
					     "second.xml" };
	struct berth_error err = { 0 };
	char seen[3][33];

	for (size_t i = 0; i < 3; i++) {
		char *path = input(names[i]), *xml = NULL;
		struct topology *t = topo_load_file(path, &xml, &err), *u;

		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		u = topo_load_xml(xml, strlen(xml), &err);
		CU_ASSERT_PTR_NOT_NULL_FATAL(u);
		CU_ASSERT_STRING_EQUAL(t->hash, u->hash);
		snprintf(seen[i], sizeof(seen[i]), "%s", t->hash);
		topology_unref(t);
		topology_unref(u);
		free(xml);
		free(path);
	}
	CU_ASSERT_STRING_NOT_EQUAL(seen[0], seen[1]);
	CU_ASSERT_STRING_NOT_EQUAL(seen[1], seen[2]);
}

static char *text_of(const char *name)
{
	struct berth_error err;
	char *path = input(name), *xml = NULL;

	topology_unref(topo_load_file(path, &xml, &err));
	free(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(xml);
	return xml;
}

/* Memory limit of a cgroup: part of the node's content, shared over its
 * NUMA nodes. */
static void memory_limit(void)
{
	char *xml = text_of("traps.xml"), *root, *with;
	struct berth_error err = { 0 };
	struct topology *t;

	root = strstr(xml, "<info name=\"Architecture\"");
	CU_ASSERT_PTR_NOT_NULL_FATAL(root);
	with = mem_printf("%.*s<info name=\"BerthMemoryLimitMiB\" "
			  "value=\"6144\"/>\n%s",
			  (int)(root - xml), xml, root);
	t = topo_load_xml(with, strlen(with), &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->total_mib, 6144);
	CU_ASSERT_EQUAL(t->numa[t->core[0].numa].mib, 4096);
	CU_ASSERT_EQUAL(t->numa[t->core[2].numa].mib, 2048);
	topology_unref(t);
	free(with);
	free(xml);
}

static void put(const char *root, const char *path, const char *text)
{
	char *name = mem_printf("%s%s", root, path), *slash;
	FILE *f;

	for (slash = strchr(name + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(name, 0700) < 0)
			CU_ASSERT_EQUAL(errno, EEXIST);
		*slash = '/';
	}
	f = fopen(name, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
	free(name);
}

static void remove_tree(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *name;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		name = mem_printf("%s/%s", path, e->d_name);
		if (unlink(name) < 0)
			remove_tree(name);
		free(name);
	}
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

static void memory_limit_of_cgroups(void)
{
	char root[] = "/tmp/topo_test.XXXXXX";

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	CU_ASSERT_EQUAL(topo_memory_limit(root), UINT64_MAX);
	put(root, "/proc/self/cgroup", "0::/job/step\n");
	put(root, "/sys/fs/cgroup/job/step/memory.max", "max\n");
	CU_ASSERT_EQUAL(topo_memory_limit(root), UINT64_MAX);
	/* one further up binds as well */
	put(root, "/sys/fs/cgroup/job/memory.max", "2147483648\n");
	CU_ASSERT_EQUAL(topo_memory_limit(root), 2048);
	put(root, "/proc/self/cgroup", "5:cpuset:/x\n4:memory:/a\n0::/\n");
	put(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes",
	    "9223372036854771712\n");
	put(root, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
	    "1048576\n");
	CU_ASSERT_EQUAL(topo_memory_limit(root), 1);
	remove_tree(root);
}

/* ---- bad input --------------------------------------------------------- */

static void refused(const char *what, const char *part)
{
	struct berth_error err = { 0 };
	char *xml = (char *)"untouched";
	struct topology *t = topo_load(what, 0, &xml, &err);

	CU_ASSERT_PTR_NULL(t);
	topology_unref(t);
	CU_ASSERT_STRING_EQUAL(xml, "untouched");
	if (strstr(err.text, part) == NULL)
		printf("\n\"%s\" does not say \"%s\"\n", err.text, part);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
	CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
	CU_ASSERT_EQUAL(err.code, BERTH_EINPUT);
}

static void bad_sources(void)
{
	refused("/nowhere/node.xml", "/nowhere/node.xml: No such file");
	refused("nowhere.xml", "nowhere.xml: No such file");
	refused("/", "/: not a file");
	refused("core:x", "core:x");
	refused("pack:60000 core:60000 pu:1", "more than 65535 PUs");
	refused("core:4294967296 pu:1", "more than 65535 PUs");
	refused("rubbish", "no synthetic topology");
}

static void bad_xml(const char *xml, const char *part)
{
	struct berth_error err = { 0 };
	struct topology *t = topo_load_xml(xml, strlen(xml), &err);

	CU_ASSERT_PTR_NULL(t);
	topology_unref(t);
	if (strstr(err.text, part) == NULL)
		printf("\n\"%s\" does not say \"%s\"\n", err.text, part);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
	CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
}

/* traps.xml with every `from` replaced by `to`. */
static void damaged(const char *from, const char *to, const char *part)
{
	char *xml = text_of("traps.xml"), *at = strstr(xml, from), *bad;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	bad = mem_printf("%.*s%s%s", (int)(at - xml), xml, to,
			 at + strlen(from));
	bad_xml(bad, part);
	free(bad);
	free(xml);
}

static void bad_texts(void)
{
	bad_xml("", "no hwloc topology");
	bad_xml("<html></html>", "no hwloc topology");
	bad_xml("<topology version=\"2.0\"></topology>", "no PU");
	bad_xml("<topology><object type=\"PU\" os_index=\"0\"/>", "ends before");
	bad_xml("<!DOCTYPE topology [<!ENTITY a \"b\">]><topology/>",
		"DOCTYPE with declarations");
	damaged("</topology>", "</topology><more/>", "after </topology>");
	damaged("</object>", "", "closing tag");
	damaged("type=\"PU\" os_index=\"1\"", "type=\"PU\" os_index=\"0\"",
		"there twice");
	damaged("type=\"PU\" os_index=\"1\"",
		"type=\"PU\" os_index=\"4294967295\"", "os_index");
	damaged("cpuset=\"0x000000ff\"", "cpuset=\"0xf...f\"", "broken");
	/* hwloc 2.9 crashes on this one: a child of ours takes it */
	damaged(" complete_cpuset=\"0x00000003\"", "", "topology");
}

static void cut_anywhere(void)
{
	char *xml = text_of("traps.xml");
	size_t len = strlen(xml), end;
	struct berth_error err = { 0 };

	end = (size_t)(strstr(xml, "</topology>") - xml) +
	      strlen("</topology>");
	for (size_t n = 0; n < len; n += 97) {
		struct topology *t = topo_load_xml(xml, n, &err);

		CU_ASSERT(n < end ? t == NULL : t != NULL);
		topology_unref(t);
	}
	free(xml);
}

/* ---- binding ----------------------------------------------------------- */

static const struct topology_shape two_packages = {
	.packages = 2, .numas = 1, .l3s = 2, .cores = 2, .pus = 2, .mib = 100,
};

static void check_split(const struct topology *t, size_t first, size_t ncores,
			enum topo_bind policy, size_t nranks,
			const char *const *want)
{
	struct bitset core_pus[8] = { 0 }, out[8] = { 0 };
	struct berth_error err;

	for (size_t i = 0; i < ncores; i++)
		bitset_copy(&core_pus[i], &t->core[first + i].pus);
	CU_ASSERT_EQUAL(topo_bind_split(t, core_pus, ncores, policy, nranks,
					out, &err), 0);
	for (size_t i = 0; i < nranks; i++)
		assert_set(&out[i], want[i]);
	for (size_t i = 0; i < 8; i++) {
		bitset_finish(&core_pus[i]);
		bitset_finish(&out[i]);
	}
}

static void split(void)
{
	/* 8 cores of 2 PUs: L3s of 4 PUs, packages of 8 */
	struct topology *t = topology_create_regular(&two_packages);

	check_split(t, 0, 4, TOPO_BIND_CORE, 4,
		    (const char *[]){ "0-1", "2-3", "4-5", "6-7" });
	check_split(t, 1, 5, TOPO_BIND_CORE, 2,
		    (const char *[]){ "2-7", "8-11" });
	/* more ranks than cores: neighbours share */
	check_split(t, 0, 2, TOPO_BIND_CORE, 4,
		    (const char *[]){ "0-1", "0-1", "2-3", "2-3" });
	/* within the slice only */
	check_split(t, 1, 4, TOPO_BIND_L3, 4,
		    (const char *[]){ "2-3", "4-7", "4-7", "8-9" });
	check_split(t, 1, 4, TOPO_BIND_SOCKET, 2,
		    (const char *[]){ "2-7", "2-9" });
	check_split(t, 1, 4, TOPO_BIND_NUMA, 4,
		    (const char *[]){ "2-7", "2-7", "2-7", "8-9" });
	check_split(t, 2, 3, TOPO_BIND_NONE, 2,
		    (const char *[]){ "4-9", "4-9" });
	topology_unref(t);
}

static void split_needs_cores(void)
{
	struct bitset out = { 0 };
	struct berth_error err;

	CU_ASSERT_EQUAL(topo_bind_split(NULL, NULL, 0, TOPO_BIND_CORE, 1, &out,
					&err), -1);
	bitset_finish(&out);
}

static void bind_names(void)
{
	enum topo_bind b = TOPO_BIND_NONE;
	struct berth_error err;

	CU_ASSERT_EQUAL(topo_bind_parse("", &b, &err), 0);
	CU_ASSERT_EQUAL(b, TOPO_BIND_CORE);
	CU_ASSERT_EQUAL(topo_bind_parse("package", &b, &err), 0);
	CU_ASSERT_EQUAL(b, TOPO_BIND_SOCKET);
	CU_ASSERT_EQUAL(topo_bind_parse("l3", &b, &err), 0);
	CU_ASSERT_STRING_EQUAL(topo_bind_name(b), "l3");
	CU_ASSERT_EQUAL(topo_bind_parse("corner", &b, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "corner"));
}

static void locality(void)
{
	struct topology *t = topology_create_regular(&two_packages);
	struct bitset pus = { 0 };
	char *s;

	bitset_parse(&pus, "6-9");
	s = topo_locality_string(t, &pus);
	CU_ASSERT_STRING_EQUAL(
		s, "hwloc:NM0-1:SK0-1:L31-2:L23-4:CR3-4:HT6-9");
	free(s);
	bitset_finish(&pus);
	topology_unref(t);
}

/* ---- the table of real machines ---------------------------------------- */

static const struct machine {
	const char *file;
	size_t packages, numas, l3s, cores, pus;
	size_t gpus, nvmes, others, ports, cpuless;
} machines[] = {
	{ "frontier-class-llnl-tioga-mi250x", 1, 4, 8, 64, 128, 8, 0, 2, 4, 0 },
	{ "elcapitan-class-llnl-tuolumne-mi300a-spx", 4, 4, 12, 96, 192, 4, 16,
	  1, 4, 0 },
	{ "llnl-ipa-4xh100-xeon8480", 2, 8, 2, 112, 224, 4, 1, 1, 4, 0 },
	{ "lenovo-sd665n-4xh200-epyc9555", 2, 8, 16, 128, 256, 4, 2, 0, 6, 0 },
	{ "ornl-summit-power9-6xv100", 2, 2, 22, 42, 168, 6, 1, 0, 4, 0 },
	{ "llnl-lassen-power9-4xv100", 2, 2, 20, 40, 160, 4, 1, 0, 4, 0 },
	{ "llnl-corona-8xmi50-epyc7402", 2, 2, 16, 48, 96, 8, 1, 2, 1, 0 },
	{ "llnl-pascal-2xp100-xeon", 2, 2, 2, 36, 72, 2, 0, 1, 1, 0 },
	{ "aws-g4dn-metal-8xt4-efa-nvme", 2, 2, 2, 48, 96, 8, 3, 0, 1, 0 },
	{ "grid5000-drac-power8nvl-4xp100", 2, 2, 8, 8, 16, 4, 0, 0, 0, 0 },
	{ "juwels-booster-epyc7402-4xa100pci-4hdr", 2, 8, 16, 48, 96, 4, 0, 0,
	  4, 0 },
	{ "deepsea-xeonmax9462-hbm-flat", 2, 16, 2, 64, 128, 0, 1, 0, 1, 8 },
	{ "cea-knl-7250-snc4-flat-mcdram", 1, 8, 0, 68, 272, 0, 0, 1, 1, 4 },
	/* the third "sd" is an optical drive, sr0 */
	{ "azure-hbv4-epyc9v33x-ib-nvme", 2, 4, 24, 176, 176, 0, 2, 3, 2, 0 },
	{ "llnl-ulna-thunderx2-arm64", 2, 2, 2, 64, 256, 0, 0, 0, 4, 0 },
	{ "gracehopper-gh200-uliege", 1, 1, 0, 72, 72, 0, 0, 0, 0, 0 },
};

static char *data_folder(void)
{
	const char *set = getenv("BERTH_DATA");
	char *path;

	path = set != NULL && *set != '\0'
		       ? mem_printf("%s/topologies", set)
		       : mem_printf("%s/../../shared/data/topologies",
				    TEST_SRCDIR);
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static size_t of_kind(const struct topology *t, bool nvme)
{
	size_t n = 0;

	for (size_t i = 0; i < t->ndrives; i++)
		n += (t->drive[i].kind == TOPOLOGY_NVME) == nvme;
	return n;
}

static void is_as_listed(const struct topology *t, const struct machine *m)
{
	size_t cpuless = 0;

	for (size_t i = 0; i < t->nnumas; i++)
		cpuless += t->numa[i].cpuless;
	CU_ASSERT_EQUAL(t->npackages, m->packages);
	CU_ASSERT_EQUAL(t->nnumas, m->numas);
	CU_ASSERT_EQUAL(t->nl3s, m->l3s);
	CU_ASSERT_EQUAL(t->ncores, m->cores);
	CU_ASSERT_EQUAL(t->npus, m->pus);
	CU_ASSERT_EQUAL(t->ngpus, m->gpus);
	CU_ASSERT_EQUAL(of_kind(t, true), m->nvmes);
	CU_ASSERT_EQUAL(of_kind(t, false), m->others);
	CU_ASSERT_EQUAL(t->nports, m->ports);
	CU_ASSERT_EQUAL(cpuless, m->cpuless);
	for (size_t i = 0; i < t->ngpus; i++)
		CU_ASSERT(t->gpu[i].pci[0] != '\0' &&
			  !bitset_empty(&t->gpu[i].cores));
}

static void real_machines(void)
{
	char *folder = data_folder();
	struct berth_error err = { 0 };

	if (folder == NULL) {
		printf("skipped: no captured machines here, see BERTH_DATA ");
		return;
	}
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		const struct machine *m = &machines[i];
		char *path = mem_printf("%s/%s.xml", folder, m->file);
		char *xml = NULL;
		struct topology *t = topo_load_file(path, &xml, &err), *u;

		free(path);
		if (t == NULL) {
			printf("\n%s\n", err.text);
			CU_FAIL("not loaded");
			continue;
		}
		is_as_listed(t, m);
		u = topo_load_xml(xml, strlen(xml), &err);
		CU_ASSERT(u != NULL && strcmp(u->hash, t->hash) == 0);
		topology_unref(t);
		topology_unref(u);
		free(xml);
	}
	free(folder);
}

static void real_cluster(void)
{
	char *folder = data_folder(), *path;
	struct berth_error err = { 0 };
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	if (folder == NULL) {
		printf("skipped: no captured cluster here, see BERTH_DATA ");
		return;
	}
	path = mem_printf("%s/cluster-llnl-cab-64nodes", folder);
	d = opendir(path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	while ((e = readdir(d)) != NULL) {
		static const struct machine cab = { "", 2, 2, 2, 16, 16, 0, 0,
						    0, 1, 0 };
		struct topology *t;
		char *file;

		if (strstr(e->d_name, ".xml") == NULL)
			continue;
		file = mem_printf("%s/%s", path, e->d_name);
		t = topo_load_file(file, NULL, &err);
		free(file);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		is_as_listed(t, &cab);
		topology_unref(t);
		n++;
	}
	closedir(d);
	CU_ASSERT_EQUAL(n, 64);
	free(path);
	free(folder);
}

int main(void)
{
	CU_TestInfo tests[] = {
		{ "counts", counts },
		{ "HBM is listed, not offered", hbm_is_listed_not_offered },
		{ "GPUs", gpus },
		{ "drives and ports", drives_and_ports },
		{ "synthetic", synthetic },
		{ "a part of the cores", part_of_cores },
		{ "a part without a package", part_without_a_package },
		{ "the machine follows the affinity", machine_follows_affinity },
		{ "the same at a peer", same_at_a_peer },
		{ "memory limit", memory_limit },
		{ "memory limit of cgroups", memory_limit_of_cgroups },
		{ "bad sources", bad_sources },
		{ "bad texts", bad_texts },
		{ "cut anywhere", cut_anywhere },
		{ "split", split },
		{ "split needs cores", split_needs_cores },
		{ "names of bindings", bind_names },
		{ "locality", locality },
		{ "real machines", real_machines },
		{ "a real cluster", real_cluster },
		CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
		{ "topo", NULL, NULL, NULL, NULL, tests },
		CU_SUITE_INFO_NULL,
	};
	unsigned failures;

	CU_initialize_registry();
	CU_register_suites(suites);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
