/* topology.c - see topology.h.  The hash covers numbers and strings one by
 * one, never the bytes of a struct, so it is the same on every machine. */
#include "model/topology.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CORES_MAX 65536
#define PARTS_MAX 65536

struct topology *topology_create(void)
{
	struct topology *t = mem_alloc(sizeof(*t));

	bitset_init(&t->pus);
	t->refs = 1;
	return t;
}

static void devices_free(struct topology_device *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(d[i].name);
		free(d[i].pci);
		free(d[i].uuid);
		free(d[i].vendor);
		free(d[i].model);
		bitset_finish(&d[i].cores);
	}
	free(d);
}

static void topology_destroy(struct topology *t)
{
	for (size_t i = 0; i < t->ncores; i++)
		bitset_finish(&t->core[i].pus);
	for (size_t i = 0; i < t->nnumas; i++)
		bitset_finish(&t->numa[i].cores);
	for (size_t i = 0; i < t->nl3s; i++)
		bitset_finish(&t->l3[i].cores);
	for (size_t i = 0; i < t->npackages; i++)
		bitset_finish(&t->package[i].cores);
	free(t->core);
	free(t->numa);
	free(t->l3);
	free(t->package);
	devices_free(t->gpu, t->ngpus);
	devices_free(t->drive, t->ndrives);
	devices_free(t->port, t->nports);
	free(t->distance);
	bitset_finish(&t->pus);
	free(t);
}

/* The count is the one thing in a sealed topology that still changes. */
const struct topology *topology_ref(const struct topology *t)
{
	((struct topology *)t)->refs++;
	return t;
}

void topology_unref(const struct topology *t)
{
	struct topology *mine = (struct topology *)t;

	if (mine == NULL)
		return;
	if (--mine->refs == 0)
		topology_destroy(mine);
}

/* ---- sealing ----------------------------------------------------------- */

static bool index_ok(int i, size_t n)
{
	return i >= -1 && (i < 0 || (size_t)i < n);
}

static int seal_cores(struct topology *t, struct berth_error *err)
{
	int max_l2 = -1;

	if (t->ncores == 0)
		return error_set(err, BERTH_EINPUT, "topology: no core in it");
	for (size_t i = 0; i < t->ncores; i++) {
		struct topology_core *c = &t->core[i];

		if (!index_ok(c->l3, t->nl3s) ||
		    !index_ok(c->numa, t->nnumas) ||
		    !index_ok(c->package, t->npackages) || c->l2 < -1 ||
		    c->l2 >= CORES_MAX)
			return error_set(
			    err, BERTH_EINPUT,
			    "topology: core %zu: part of something "
			    "that is not there",
			    i);
		if (bitset_empty(&c->pus))
			return error_set(err, BERTH_EINPUT,
					 "topology: core %zu has no PU", i);
		if (bitset_intersects(&t->pus, &c->pus))
			return error_set(err, BERTH_EINPUT,
					 "topology: a PU of "
					 "core %zu is in another core, too",
					 i);
		bitset_or(&t->pus, &c->pus);
		if (c->l3 >= 0)
			bitset_set(&t->l3[c->l3].cores, (unsigned)i);
		if (c->numa >= 0)
			bitset_set(&t->numa[c->numa].cores, (unsigned)i);
		if (c->package >= 0)
			bitset_set(&t->package[c->package].cores, (unsigned)i);
		if (c->l2 > max_l2)
			max_l2 = c->l2;
	}
	t->nl2s = (size_t)(max_l2 + 1);
	t->npus = bitset_count(&t->pus);
	return 0;
}

static int seal_numas(struct topology *t, struct berth_error *err)
{
	for (size_t i = 0; i < t->nnumas; i++) {
		struct topology_numa *n = &t->numa[i];

		if (!index_ok(n->package, t->npackages))
			return error_set(err, BERTH_EINPUT,
					 "topology: NUMA node %zu: no such "
					 "package",
					 i);
		for (size_t k = 0; k < i; k++)
			if (t->numa[k].os_index == n->os_index)
				return error_set(err, BERTH_EINPUT,
						 "topology: NUMA node %u is "
						 "there twice",
						 n->os_index);
		n->cpuless = bitset_empty(&n->cores);
		if (n->cpuless)
			continue;
		if (n->mib > UINT64_MAX - t->total_mib)
			return error_set(err, BERTH_EINPUT,
					 "topology: NUMA node %u: impossible "
					 "size of memory",
					 n->os_index);
		t->total_mib += n->mib;
	}
	return 0;
}

static void default_string(char **s)
{
	if (*s == NULL)
		*s = mem_strdup("");
}

static int seal_devices(struct topology *t, struct topology_device *d, size_t n,
			struct berth_error *err)
{
	for (size_t i = 0; i < n; i++) {
		default_string(&d[i].name);
		default_string(&d[i].pci);
		default_string(&d[i].uuid);
		default_string(&d[i].vendor);
		default_string(&d[i].model);
		if (!index_ok(d[i].numa, t->nnumas) ||
		    !index_ok(d[i].package, t->npackages))
			return error_set(
			    err, BERTH_EINPUT,
			    "topology: device %s%s: near something "
			    "that is not there",
			    d[i].pci, d[i].name);
		bitset_foreach (&d[i].cores, c)
			if ((size_t)c >= t->ncores)
				return error_set(err, BERTH_EINPUT,
						 "topology: device %s%s: near "
						 "no core of ours",
						 d[i].pci, d[i].name);
	}
	return 0;
}

/* ---- hash: two FNV-1a streams with different starts, mixed at the end --- */

struct hash {
	uint64_t a, b;
};

static void hash_byte(struct hash *h, uint8_t byte)
{
	h->a = (h->a ^ byte) * UINT64_C(0x100000001b3);
	h->b = (h->b ^ byte ^ (h->b >> 29)) * UINT64_C(0x9e3779b97f4a7c15);
}

static void hash_u64(struct hash *h, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		hash_byte(h, (uint8_t)(v >> (8 * i)));
}

static void hash_int(struct hash *h, int v)
{
	hash_u64(h, (uint64_t)(int64_t)v);
}

static void hash_str(struct hash *h, const char *s)
{
	size_t n = strlen(s);

	hash_u64(h, n);
	for (size_t i = 0; i < n; i++)
		hash_byte(h, (uint8_t)s[i]);
}

static void hash_set(struct hash *h, const struct bitset *s)
{
	hash_u64(h, bitset_count(s));
	bitset_foreach (s, bit)
		hash_int(h, bit);
}

static void hash_devices(struct hash *h, const struct topology_device *d,
			 size_t n)
{
	hash_u64(h, n);
	for (size_t i = 0; i < n; i++) {
		hash_int(h, (int)d[i].kind);
		hash_str(h, d[i].name);
		hash_str(h, d[i].pci);
		hash_str(h, d[i].uuid);
		hash_str(h, d[i].vendor);
		hash_str(h, d[i].model);
		hash_u64(h, d[i].mib);
		hash_set(h, &d[i].cores);
		hash_int(h, d[i].numa);
		hash_int(h, d[i].package);
	}
}

static void seal_hash(struct topology *t)
{
	struct hash h = {UINT64_C(0xcbf29ce484222325),
			 UINT64_C(0x6c62272e07bb0142)};

	hash_u64(&h, t->ncores);
	for (size_t i = 0; i < t->ncores; i++) {
		hash_set(&h, &t->core[i].pus);
		hash_int(&h, t->core[i].l2);
		hash_int(&h, t->core[i].l3);
		hash_int(&h, t->core[i].numa);
		hash_int(&h, t->core[i].package);
	}
	hash_u64(&h, t->nnumas);
	for (size_t i = 0; i < t->nnumas; i++) {
		hash_u64(&h, t->numa[i].os_index);
		hash_u64(&h, t->numa[i].mib);
		hash_int(&h, (int)t->numa[i].kind);
		hash_int(&h, t->numa[i].package);
	}
	hash_u64(&h, t->nl3s);
	for (size_t i = 0; i < t->nl3s; i++) {
		hash_u64(&h, t->l3[i].kib);
		hash_int(&h, t->l3[i].package);
	}
	hash_u64(&h, t->npackages);
	hash_devices(&h, t->gpu, t->ngpus);
	hash_devices(&h, t->drive, t->ndrives);
	hash_devices(&h, t->port, t->nports);
	hash_u64(&h, t->distance != NULL);
	for (size_t i = 0; t->distance != NULL && i < t->nnumas * t->nnumas;
	     i++)
		hash_u64(&h, t->distance[i]);
	snprintf(t->hash, sizeof(t->hash), "%016" PRIx64 "%016" PRIx64, h.a,
		 h.b);
}

int topology_seal(struct topology *t, struct berth_error *err)
{
	if (t->ncores > CORES_MAX || t->nnumas > 4096 || t->nl3s > PARTS_MAX ||
	    t->npackages > PARTS_MAX || t->ngpus > 4096 || t->ndrives > 4096 ||
	    t->nports > 4096)
		return error_set(err, BERTH_EINPUT,
				 "topology: too large to be a node");
	for (size_t i = 0; i < t->nl3s; i++)
		if (!index_ok(t->l3[i].package, t->npackages))
			return error_set(err, BERTH_EINPUT,
					 "topology: L3 %zu: no such package",
					 i);
	if (seal_cores(t, err) < 0 || seal_numas(t, err) < 0 ||
	    seal_devices(t, t->gpu, t->ngpus, err) < 0 ||
	    seal_devices(t, t->drive, t->ndrives, err) < 0 ||
	    seal_devices(t, t->port, t->nports, err) < 0)
		return -1;
	seal_hash(t);
	return 0;
}

/* ---- a regular machine ------------------------------------------------- */

static unsigned at_least_one(unsigned n)
{
	return n == 0 ? 1 : n;
}

static void regular_gpus(struct topology *t, const struct topology_shape *s,
			 unsigned cores_a_numa, unsigned numas_a_package)
{
	t->ngpus = t->nnumas * s->gpus;
	t->gpu = mem_array(t->ngpus, sizeof(*t->gpu));
	for (size_t i = 0; i < t->ngpus; i++) {
		struct topology_device *d = &t->gpu[i];
		unsigned numa = (unsigned)i / s->gpus;

		d->kind = TOPOLOGY_GPU;
		d->pci = mem_printf("0000:%02x:%02x.0", numa + 1,
				    (unsigned)i % s->gpus);
		d->uuid = mem_printf("GPU-%zu", i);
		d->vendor = mem_strdup(s->gpu_vendor ? s->gpu_vendor : "amd");
		d->numa = (int)numa;
		d->package = (int)(numa / numas_a_package);
		for (unsigned c = 0; c < cores_a_numa; c++)
			bitset_set(&d->cores, numa * cores_a_numa + c);
	}
}

static void regular_drives(struct topology *t, const struct topology_shape *s,
			   unsigned cores_a_numa)
{
	t->ndrives = s->drives;
	t->drive = mem_array(t->ndrives, sizeof(*t->drive));
	for (size_t i = 0; i < t->ndrives; i++) {
		struct topology_device *d = &t->drive[i];

		d->kind = TOPOLOGY_NVME;
		d->name = mem_printf("nvme%zu", i);
		d->pci = mem_printf("0000:f0:%02zx.0", i);
		d->mib = s->drive_mib;
		for (unsigned c = 0; c < cores_a_numa; c++)
			bitset_set(&d->cores, c);
	}
}

struct topology *topology_create_regular(const struct topology_shape *s)
{
	struct topology *t = topology_create();
	unsigned l3s = at_least_one(s->l3s), cores = at_least_one(s->cores);
	unsigned numas = at_least_one(s->numas), pus = at_least_one(s->pus);

	t->npackages = at_least_one(s->packages);
	t->nnumas = t->npackages * numas;
	t->nl3s = t->nnumas * l3s;
	t->ncores = t->nl3s * cores;
	t->package = mem_array(t->npackages, sizeof(*t->package));
	t->numa = mem_array(t->nnumas, sizeof(*t->numa));
	t->l3 = mem_array(t->nl3s, sizeof(*t->l3));
	t->core = mem_array(t->ncores, sizeof(*t->core));
	for (size_t i = 0; i < t->nnumas; i++) {
		t->numa[i].os_index = (unsigned)i;
		t->numa[i].mib = s->mib;
		t->numa[i].package = (int)(i / numas);
	}
	for (size_t i = 0; i < t->nl3s; i++) {
		t->l3[i].kib = 32768;
		t->l3[i].package = (int)(i / l3s / numas);
	}
	for (size_t i = 0; i < t->ncores; i++) {
		struct topology_core *c = &t->core[i];

		for (unsigned p = 0; p < pus; p++)
			bitset_set(&c->pus, (unsigned)i * pus + p);
		c->l2 = (int)i;
		c->l3 = (int)(i / cores);
		c->numa = c->l3 / (int)l3s;
		c->package = c->numa / (int)numas;
	}
	if (s->gpus > 0)
		regular_gpus(t, s, cores * l3s, numas);
	regular_drives(t, s, cores * l3s);
	if (topology_seal(t, NULL) < 0) {
		topology_unref(t);
		return NULL;
	}
	return t;
}

/* ---- reading ----------------------------------------------------------- */

void topology_core_pus(const struct topology *t, const struct bitset *cores,
		       struct bitset *out)
{
	bitset_foreach (cores, c)
		if ((size_t)c < t->ncores)
			bitset_or(out, &t->core[c].pus);
}

void topology_pu_cores(const struct topology *t, const struct bitset *pus,
		       struct bitset *out)
{
	for (size_t i = 0; i < t->ncores; i++)
		if (bitset_intersects(&t->core[i].pus, pus))
			bitset_set(out, (unsigned)i);
}

const char *topology_memory_name(enum topology_memory kind)
{
	switch (kind) {
	case TOPOLOGY_DRAM:
		return "dram";
	case TOPOLOGY_HBM:
		return "hbm";
	case TOPOLOGY_GPU_MEMORY:
		return "gpu";
	}
	return "";
}

const char *topology_device_kind_name(enum topology_device_kind kind)
{
	switch (kind) {
	case TOPOLOGY_GPU:
		return "gpu";
	case TOPOLOGY_NVME:
		return "nvme";
	case TOPOLOGY_DRIVE:
		return "drive";
	case TOPOLOGY_REMOVABLE:
		return "removable";
	case TOPOLOGY_PORT:
		return "port";
	}
	return "";
}
