/* gpu_test.c - which GPUs a rank is shown, and by what name.  Also what of
 * Open MPI's transports it need not look for (fabric.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "shepherd/env.h"
#include "shepherd/fabric.h"
#include "shepherd/gpu.h"
#include "unit.h"

static char root[] = "/tmp/berth-gpu-test.XXXXXX";

static void put(const char *dev, const char *file, const char *text)
{
	char *path = mem_printf("%s/bus/pci/devices/%s/%s", root, dev, file);
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
	free(path);
}

static void add_gpu(const char *dev, const char *vendor)
{
	static const char *const parents[] = {"bus", "bus/pci",
					      "bus/pci/devices"};
	char *path;

	for (size_t i = 0; i < 3; i++) {
		path = mem_printf("%s/%s", root, parents[i]);
		mkdir(path, 0700);
		free(path);
	}
	path = mem_printf("%s/bus/pci/devices/%s", root, dev);
	mkdir(path, 0700);
	free(path);
	put(dev, "vendor", vendor);
	put(dev, "class", "0x030200\n");
}

/* What rank i of n sees in the variable, of a slice with these GPUs. */
static char *shown(const char *variable, const char *vendor,
		   const char *const pci[], const char *const uuid[], size_t n,
		   unsigned i, unsigned ranks)
{
	Berth__Device device[4], *list[4];
	Berth__Slice slice = BERTH__SLICE__INIT;
	struct gpus *g = gpus_create(root);
	struct env *e = env_create(NULL, 0);
	char *value;

	for (size_t k = 0; k < n; k++) {
		berth__device__init(&device[k]);
		device[k].kind = "gpu";
		device[k].vendor = (char *)vendor;
		device[k].pci = (char *)pci[k];
		device[k].uuid = (char *)uuid[k];
		list[k] = &device[k];
	}
	slice.devices = list;
	slice.n_devices = n;
	gpus_set_env(g, &slice, i, ranks, e);
	value = mem_strdup(env_get(e, variable));
	env_destroy(e);
	gpus_destroy(g);
	return value;
}

static void expect(const char *variable, const char *vendor,
		   const char *const pci[], const char *const uuid[], size_t n,
		   unsigned i, unsigned ranks, const char *want)
{
	char *got = shown(variable, vendor, pci, uuid, n, i, ranks);

	CU_ASSERT_PTR_NOT_NULL_FATAL(got);
	CU_ASSERT_STRING_EQUAL(got, want);
	free(got);
}

static void test_names(void)
{
	static const char *const pci[] = {"0000:c1:00.0", "0000:c6:00.0"};
	static const char *const bare[] = {"226d71390992870e",
					   "4a7c19da329a2b8c"};
	static const char *const zero[] = {"0000000000000000",
					   "0000000000000000"};
	static const char *const full[] = {"GPU-1-2", "GPU-3-4"};

	/* AMD's runtime wants a prefix that hwloc does not give. */
	expect("ROCR_VISIBLE_DEVICES", "amd", pci, bare, 2, 0, 1,
	       "GPU-226d71390992870e,GPU-4a7c19da329a2b8c");
	expect("CUDA_VISIBLE_DEVICES", "nvidia", pci, full, 2, 0, 1,
	       "GPU-1-2,GPU-3-4");
	/* A number of zeros is no name: the place in PCI order. */
	expect("ROCR_VISIBLE_DEVICES", "amd", pci, zero, 2, 0, 1, "1,2");
}

static void test_parts(void)
{
	static const char *const pci[] = {"0000:c1:00.0", "0000:c6:00.0"};
	static const char *const uuid[] = {"a", "b"};

	expect("ROCR_VISIBLE_DEVICES", "amd", pci, uuid, 2, 0, 2, "GPU-a");
	expect("ROCR_VISIBLE_DEVICES", "amd", pci, uuid, 2, 1, 2, "GPU-b");
	/* Three ranks cannot share two evenly: all see both. */
	expect("ROCR_VISIBLE_DEVICES", "amd", pci, uuid, 2, 2, 3,
	       "GPU-a,GPU-b");
	/* The node has some, the slice has none. */
	expect("ROCR_VISIBLE_DEVICES", "amd", pci, uuid, 0, 0, 1, "");
}

static void expect_mtl(const char *env, const char *user, const char *system,
		       const char *want)
{
	char *got = fabric_mtl_without_psm(env, user, system);

	if (want == NULL) {
		CU_ASSERT_PTR_NULL(got);
	} else {
		CU_ASSERT_PTR_NOT_NULL_FATAL(got);
		CU_ASSERT_STRING_EQUAL(got, want);
	}
	free(got);
}

static void test_fabric(void)
{
	expect_mtl(NULL, NULL, NULL, "^psm,psm2");
	expect_mtl(NULL, NULL, "^ofi", "^ofi,psm,psm2");
	expect_mtl(NULL, "^portals4", "^ofi", "^portals4,psm,psm2");
	/* A choice stays one. */
	expect_mtl("psm2", NULL, "^ofi", NULL);
	expect_mtl(NULL, "ofi", "^ofi", NULL);
	expect_mtl("^psm", NULL, NULL, NULL);
}

static const struct unit_test tests[] = {
	{"GPUs are named as their runtimes want it", test_names},
	{"ranks share a slice's GPUs", test_parts},
	{"transports without hardware are left out", test_fabric},
};

int main(void)
{
	int status;
	char *clean;

	if (mkdtemp(root) == NULL)
		return 1;
	add_gpu("0000:01:00.0", "0x1002\n");
	add_gpu("0000:c1:00.0", "0x1002\n");
	add_gpu("0000:c6:00.0", "0x1002\n");
	status = unit_main("gpu", tests, sizeof(tests) / sizeof(tests[0]));
	clean = mem_printf("rm -r %s", root);
	if (system(clean) != 0)
		status = 1;
	free(clean);
	return status;
}
