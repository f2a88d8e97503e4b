/* gpu.c - see gpu.h. */
#include "shepherd/gpu.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct vendor {
	const char *name;
	unsigned pci_id;
	const char *variable;
	const char *order; /* NAME=value: count in PCI order */
	bool by_uuid;	   /* the variable takes UUIDs */
};

static const struct vendor vendors[] = {
	{ "nvidia", 0x10de, "CUDA_VISIBLE_DEVICES",
	  "CUDA_DEVICE_ORDER=PCI_BUS_ID", true },
	{ "amd", 0x1002, "ROCR_VISIBLE_DEVICES", NULL, true },
	{ "intel", 0x8086, "ZE_AFFINITY_MASK",
	  "ZE_ENABLE_PCI_ID_DEVICE_ORDER=1", false },
};
#define NVENDORS (sizeof(vendors) / sizeof(vendors[0]))

struct gpus {
	char **pci[NVENDORS]; /* in PCI order */
	size_t n[NVENDORS];
};

static unsigned read_hex(const char *root, const char *dev, const char *file)
{
	char path[512], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s", root, dev,
		 file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return (unsigned)strtoul(text, NULL, 16);
}

/* A compute device: 3D controller or processing accelerator, or the VGA
 * function of a vendor whose VGA cards compute. */
static bool is_gpu(unsigned class, size_t vendor)
{
	unsigned base = class >> 8;

	if (base == 0x0302 || base == 0x1200 || base == 0x0380)
		return true;
	return base == 0x0300 && vendors[vendor].pci_id != 0x8086;
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

struct gpus *gpus_create(const char *sysfs_root)
{
	struct gpus *g = mem_alloc(sizeof(*g));
	char path[256];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/bus/pci/devices", sysfs_root);
	d = opendir(path);
	while (d && ((void)(e = readdir(d)), e != NULL)) {
		unsigned id = read_hex(sysfs_root, e->d_name, "vendor");

		for (size_t v = 0; id && v < NVENDORS; v++) {
			if (id != vendors[v].pci_id ||
			    !is_gpu(read_hex(sysfs_root, e->d_name, "class"),
				    v))
				continue;
			g->pci[v] = mem_resize(g->pci[v], g->n[v] + 1,
					       sizeof(char *));
			g->pci[v][g->n[v]++] = mem_strdup(e->d_name);
		}
	}
	if (d)
		closedir(d);
	for (size_t v = 0; v < NVENDORS; v++) {
		if (g->n[v] > 0)
			qsort(g->pci[v], g->n[v], sizeof(char *), by_name);
	}
	return g;
}

void gpus_destroy(struct gpus *g)
{
	if (g == NULL)
		return;
	for (size_t v = 0; v < NVENDORS; v++) {
		for (size_t i = 0; i < g->n[v]; i++)
			free(g->pci[v][i]);
		free(g->pci[v]);
	}
	free(g);
}

static bool is_of(const Berth__Device *d, const struct vendor *v)
{
	return strcmp(d->kind, "gpu") == 0 &&
	       strcasecmp(d->vendor, v->name) == 0;
}

/* Some GPUs have none of their own: an empty one, or all zeros. */
static bool names_one(const char *uuid)
{
	return uuid[strspn(uuid, "0-")] != '\0';
}

/* As the variables want it: "GPU-" and the number, which hwloc gives with the
 * prefix for one vendor and without for another. */
static void add_uuid(struct buf *list, const char *uuid)
{
	if (strncmp(uuid, "GPU-", 4) != 0 && strncmp(uuid, "MIG-", 4) != 0)
		buf_puts(list, "GPU-");
	buf_puts(list, uuid);
}

static size_t count_of(const Berth__Slice *s, const struct vendor *v,
		       bool *all_uuid)
{
	size_t n = 0;

	*all_uuid = v->by_uuid;
	for (size_t i = 0; i < s->n_devices; i++) {
		if (!is_of(s->devices[i], v))
			continue;
		n++;
		if (!names_one(s->devices[i]->uuid))
			*all_uuid = false;
	}
	return n;
}

static size_t place_of(const struct gpus *g, size_t v, const char *pci)
{
	for (size_t i = 0; i < g->n[v]; i++) {
		if (strcasecmp(g->pci[v][i], pci) == 0)
			return i;
	}
	return g->n[v]; /* not here: names nothing */
}

static void set_one(const struct gpus *g, size_t v, const Berth__Slice *slice,
		    unsigned i, unsigned n, struct env *e)
{
	const struct vendor *vendor = &vendors[v];
	bool uuids;
	size_t have = count_of(slice, vendor, &uuids);
	size_t from = 0, to = have, at = 0;
	struct buf list;

	if (have == 0 && g->n[v] == 0)
		return;
	if (n > 1 && have >= n && have % n == 0) {
		from = have / n * i;
		to = from + have / n;
	}
	buf_init(&list);
	for (size_t k = 0; k < slice->n_devices; k++) {
		const Berth__Device *d = slice->devices[k];

		if (!is_of(d, vendor))
			continue;
		if (at >= from && at < to) {
			buf_puts(&list, list.len ? "," : "");
			if (uuids)
				add_uuid(&list, d->uuid);
			else
				buf_printf(&list, "%zu",
					   place_of(g, v, d->pci));
		}
		at++;
	}
	env_set(e, vendor->variable, "%s", list.len ? list.data : "");
	if (vendor->order)
		env_put(e, vendor->order);
	buf_finish(&list);
}

void gpus_set_env(const struct gpus *g, const Berth__Slice *slice, unsigned i,
		  unsigned n, struct env *e)
{
	for (size_t v = 0; v < NVENDORS; v++)
		set_one(g, v, slice, i, n, e);
}
