/*
 * devices.c - GPUs, drives and fabric ports, each counted once.
 *
 * A device is its PCI function; the operating system's names for it hang
 * below.  One GPU has up to six of them (nvml, cuda, opencl, rsmi, card,
 * renderD), one NVMe controller one a namespace, and Slingshot only a network
 * interface.  What has no PCI function (drives of a hypervisor, disks behind a
 * controller that hwloc does not follow) counts by its name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/parts.h"

struct vendor {
	unsigned id;
	const char *name;
};

/* Those who make devices to compute on. */
static const struct vendor compute_vendors[] = {
    {0x10de, "nvidia"}, {0x1002, "amd"},    {0x8086, "intel"},
    {0x1bcf, "nec"},	{0x1da3, "habana"},
};

#define PCI_CLASS_3D 0x0302
#define PCI_CLASS_ACCELERATOR 0x1200
#define PCI_VENDOR_AMD 0x1002
#define PCI_VENDOR_CRAY 0x17db

/* ---- common ------------------------------------------------------------ */

static const char *compute_vendor(unsigned id)
{
	size_t n = sizeof(compute_vendors) / sizeof(*compute_vendors);

	for (size_t i = 0; i < n; i++)
		if (compute_vendors[i].id == id)
			return compute_vendors[i].name;
	return NULL;
}

static hwloc_obj_t pci_of(hwloc_obj_t obj)
{
	while (obj != NULL && obj->type != HWLOC_OBJ_PCI_DEVICE)
		obj = obj->parent;
	return obj;
}

static bool is_os(hwloc_obj_t obj, hwloc_obj_osdev_type_t type)
{
	return obj->type == HWLOC_OBJ_OS_DEVICE &&
	       obj->attr->osdev.type == type;
}

static const char *info(hwloc_obj_t obj, const char *name)
{
	return hwloc_obj_get_info_by_name(obj, name);
}

/* Does any core of ours have it as its memory? */
static bool is_ours(const struct topology *t, int numa)
{
	for (size_t i = 0; i < t->ncores; i++)
		if (t->core[i].numa == numa)
			return true;
	return false;
}

/* The one NUMA node near obj: of ours if there is any, else normal memory,
 * else whatever there is; -1 when that leaves several. */
static int only_numa(const struct topology *t, hwloc_obj_t obj)
{
	enum { OURS, NORMAL, ANY, RANKS };
	int found[RANKS] = {-1, -1, -1};
	unsigned n[RANKS] = {0, 0, 0};

	for (int i = 0; i < (int)t->nnumas; i++) {
		int rank = ANY;

		if (obj->nodeset == NULL ||
		    !hwloc_bitmap_isset(obj->nodeset, t->numa[i].os_index))
			continue;
		if (is_ours(t, i))
			rank = OURS;
		else if (t->numa[i].kind == TOPOLOGY_DRAM)
			rank = NORMAL;
		found[rank] = i;
		n[rank]++;
	}
	for (int rank = 0; rank < RANKS; rank++)
		if (n[rank] > 0)
			return n[rank] == 1 ? found[rank] : -1;
	return -1;
}

static void place(const struct topology *t, hwloc_topology_t from,
		  struct topology_device *d, hwloc_obj_t obj)
{
	hwloc_obj_t at = hwloc_get_non_io_ancestor_obj(from, obj);
	hwloc_obj_t package;

	bitset_init(&d->cores);
	d->numa = -1;
	d->package = -1;
	if (at == NULL)
		return;
	if (at->cpuset != NULL)
		topo_cores_of(t, at->cpuset, &d->cores);
	d->numa = only_numa(t, at);
	package = at;
	if (at->type != HWLOC_OBJ_PACKAGE)
		package =
		    hwloc_get_ancestor_obj_by_type(from, HWLOC_OBJ_PACKAGE, at);
	if (package != NULL)
		d->package = (int)package->logical_index;
	else if (d->numa >= 0)
		d->package = t->numa[d->numa].package;
	else if (t->npackages == 1)
		d->package = 0;
}

/* A new last element, placed near obj, with its PCI address. */
static struct topology_device *add(const struct topology *t,
				   hwloc_topology_t from,
				   struct topology_device **list, size_t *n,
				   hwloc_obj_t obj)
{
	hwloc_obj_t pci = pci_of(obj);
	struct topology_device *d;

	*list = mem_resize(*list, *n + 1, sizeof(**list));
	d = &(*list)[(*n)++];
	memset(d, 0, sizeof(*d));
	if (pci != NULL)
		d->pci =
		    mem_printf("%04x:%02x:%02x.%x", pci->attr->pcidev.domain,
			       pci->attr->pcidev.bus, pci->attr->pcidev.dev,
			       pci->attr->pcidev.func);
	place(t, from, d, obj);
	return d;
}

/* By PCI address, then name: the order of hwloc's lists follows the tree and
 * how a kernel numbered things, and hashes should not. */
static int device_order(const void *a, const void *b)
{
	const struct topology_device *x = a, *y = b;
	const char *px = x->pci ? x->pci : "~", *py = y->pci ? y->pci : "~";
	int c = strcmp(px, py);

	if (c != 0)
		return c;
	return strcmp(x->name ? x->name : "", y->name ? y->name : "");
}

static void sort(struct topology_device *list, size_t n)
{
	if (n > 1)
		qsort(list, n, sizeof(*list), device_order);
}

/* ---- GPUs -------------------------------------------------------------- */

static bool is_compute(hwloc_obj_t os)
{
	static const char *const names[] = {"nvml", "cuda", "opencl",
					    "rsmi", "ze",   "ve"};

	if (is_os(os, HWLOC_OBJ_OSDEV_COPROC))
		return true;
	if (!is_os(os, HWLOC_OBJ_OSDEV_GPU) || os->name == NULL)
		return false;
	/* card, renderD and controlD are for pictures, a BMC has them, too */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(os->name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool has_compute(hwloc_obj_t pci)
{
	for (hwloc_obj_t o = pci->io_first_child; o; o = o->next_sibling)
		if (is_compute(o))
			return true;
	return false;
}

/* AMD's compute cards up to the MI250 come as "other display", as some old
 * graphics cards do; without ROCm only the device number tells. */
static bool amd_instinct(const struct hwloc_pcidev_attr_s *p)
{
	static const unsigned short ids[] = {0x66a0, 0x66a1, 0x738c, 0x738e,
					     0x7408, 0x740c, 0x740f, 0x7410};

	if (p->vendor_id != PCI_VENDOR_AMD)
		return false;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		if (p->device_id == ids[i])
			return true;
	return false;
}

static bool is_gpu(hwloc_obj_t pci)
{
	const struct hwloc_pcidev_attr_s *p = &pci->attr->pcidev;
	unsigned base = p->class_id >> 8;

	if (compute_vendor(p->vendor_id) == NULL ||
	    (base != 0x03 && base != 0x12))
		return false;
	if (has_compute(pci))
		return true;
	return p->class_id == PCI_CLASS_3D ||
	       p->class_id == PCI_CLASS_ACCELERATOR || amd_instinct(p);
}

static bool all_zero(const char *s)
{
	return s[strspn(s, "0x-")] == '\0';
}

/* First of the names that an object at or below the GPU knows. */
static const char *gpu_info(hwloc_obj_t pci, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *v = info(pci, names[i]);

		for (hwloc_obj_t o = pci->io_first_child; o && v == NULL;
		     o = o->next_sibling)
			v = info(o, names[i]);
		if (v != NULL && !all_zero(v))
			return v;
	}
	return NULL;
}

static void read_gpu(struct topology *t, hwloc_topology_t from, hwloc_obj_t pci)
{
	static const char *const uuids[] = {"NVIDIAUUID", "AMDUUID",
					    "LevelZeroUUID", "BerthUUID"};
	static const char *const models[] = {"GPUModel", "BerthModel",
					     "PCIDevice"};
	static const char *const kib[] = {
	    "CUDAGlobalMemorySize", "RSMIVRAMSize", "LevelZeroHBMSize",
	    "OpenCLGlobalMemorySize", "BerthMemoryKiB"};
	struct topology_device *d;
	const char *size;

	d = add(t, from, &t->gpu, &t->ngpus, pci);
	d->kind = TOPOLOGY_GPU;
	d->vendor = mem_strdup(compute_vendor(pci->attr->pcidev.vendor_id));
	d->uuid = mem_strdup(gpu_info(pci, uuids, 4));
	d->model = mem_strdup(gpu_info(pci, models, 3));
	size = gpu_info(pci, kib, 5);
	if (size != NULL)
		d->mib = strtoull(size, NULL, 10) >> 10;
}

/* ---- drives ------------------------------------------------------------ */

/* "nvme2n1" and the path "nvme0c2n1" are namespaces of controller 2 (of
 * subsystem 0 in the second form).  False when the name has neither form. */
static bool nvme_controller(const char *name, unsigned *controller, bool *path)
{
	unsigned a, b, c;
	int end = 0;

	if (sscanf(name, "nvme%uc%un%u%n", &a, &b, &c, &end) == 3 &&
	    name[end] == '\0') {
		*controller = b;
		*path = true;
		return true;
	}
	if (sscanf(name, "nvme%un%u%n", &a, &b, &end) == 2 &&
	    name[end] == '\0') {
		*controller = a;
		*path = false;
		return true;
	}
	return false;
}

/* The node of a multipath subsystem, which stands for its paths: there are
 * paths "nvme0c…" to this "nvme0n…". */
static bool has_paths(hwloc_topology_t from, unsigned subsystem)
{
	hwloc_obj_t o = NULL;
	char prefix[24];

	snprintf(prefix, sizeof(prefix), "nvme%uc", subsystem);
	for (;;) {
		o = hwloc_get_next_osdev(from, o);
		if (o == NULL)
			return false;
		if (o->name != NULL &&
		    strncmp(o->name, prefix, strlen(prefix)) == 0)
			return true;
	}
}

static struct topology_device *find_drive(struct topology *t, const char *name,
					  hwloc_obj_t pci)
{
	char address[32] = "";

	if (pci != NULL)
		snprintf(address, sizeof(address), "%04x:%02x:%02x.%x",
			 pci->attr->pcidev.domain, pci->attr->pcidev.bus,
			 pci->attr->pcidev.dev, pci->attr->pcidev.func);
	for (size_t i = 0; i < t->ndrives; i++) {
		struct topology_device *d = &t->drive[i];

		if (d->kind != TOPOLOGY_NVME)
			continue;
		/* one controller a PCI function; by name where there is none */
		if (pci != NULL ? d->pci != NULL && !strcmp(d->pci, address)
				: d->pci == NULL && !strcmp(d->name, name))
			return d;
	}
	return NULL;
}

static void describe_drive(struct topology_device *d, hwloc_obj_t os)
{
	const char *size = info(os, "Size"), *model = info(os, "Model");
	const char *vendor = info(os, "Vendor");
	uint64_t mib = size ? strtoull(size, NULL, 10) >> 10 : 0;

	if (mib < UINT64_MAX - d->mib)
		d->mib += mib;
	if (d->model == NULL)
		d->model = mem_strdup(model);
	if (d->vendor == NULL)
		d->vendor = mem_strdup(vendor);
}

static void read_nvme(struct topology *t, hwloc_topology_t from, hwloc_obj_t os,
		      unsigned controller, bool path)
{
	hwloc_obj_t pci = pci_of(os);
	struct topology_device *d;
	char name[24];

	if (pci == NULL && !path && has_paths(from, controller))
		return;
	snprintf(name, sizeof(name), "nvme%u", controller);
	d = find_drive(t, name, pci);
	if (d == NULL) {
		d = add(t, from, &t->drive, &t->ndrives, os);
		d->kind = TOPOLOGY_NVME;
		d->name = mem_strdup(name);
	}
	describe_drive(d, os);
}

static void read_drive(struct topology *t, hwloc_topology_t from,
		       hwloc_obj_t os)
{
	const char *subtype = os->subtype ? os->subtype : "";
	const char *name = os->name ? os->name : "";
	struct topology_device *d;
	unsigned controller;
	bool path;

	if (strcmp(subtype, "Tape") == 0)
		return;
	if (nvme_controller(name, &controller, &path)) {
		read_nvme(t, from, os, controller, path);
		return;
	}
	d = add(t, from, &t->drive, &t->ndrives, os);
	d->kind = TOPOLOGY_DRIVE;
	if (strncmp(subtype, "Removable", 9) == 0)
		d->kind = TOPOLOGY_REMOVABLE;
	d->name = mem_strdup(name);
	describe_drive(d, os);
}

/* ---- fabric ports ------------------------------------------------------ */

static bool has_verbs(hwloc_obj_t pci)
{
	for (hwloc_obj_t o = pci->io_first_child; o; o = o->next_sibling)
		if (is_os(o, HWLOC_OBJ_OSDEV_OPENFABRICS))
			return true;
	return false;
}

/* Slingshot without a verbs device: an interface of Cray's card. */
static bool is_slingshot(hwloc_obj_t os)
{
	hwloc_obj_t pci = pci_of(os);

	if (!is_os(os, HWLOC_OBJ_OSDEV_NETWORK) || pci == NULL ||
	    has_verbs(pci))
		return false;
	return pci->attr->pcidev.vendor_id == PCI_VENDOR_CRAY ||
	       (os->subtype != NULL && strcmp(os->subtype, "Slingshot") == 0);
}

static void read_port(struct topology *t, hwloc_topology_t from, hwloc_obj_t os)
{
	struct topology_device *d = add(t, from, &t->port, &t->nports, os);

	d->kind = TOPOLOGY_PORT;
	d->name = mem_strdup(os->name);
	d->model = mem_strdup(os->subtype);
}

void topo_devices(struct topology *t, hwloc_topology_t from)
{
	hwloc_obj_t o = NULL;

	for (;;) {
		o = hwloc_get_next_pcidev(from, o);
		if (o == NULL)
			break;
		if (is_gpu(o))
			read_gpu(t, from, o);
	}
	for (;;) {
		o = hwloc_get_next_osdev(from, o);
		if (o == NULL)
			break;
		if (is_os(o, HWLOC_OBJ_OSDEV_BLOCK))
			read_drive(t, from, o);
		if (is_os(o, HWLOC_OBJ_OSDEV_OPENFABRICS) || is_slingshot(o))
			read_port(t, from, o);
	}
	sort(t->gpu, t->ngpus);
	sort(t->drive, t->ndrives);
	sort(t->port, t->nports);
}
