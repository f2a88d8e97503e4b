/*
 * topo.c - see topo.h: set hwloc up, load, convert, hand on.
 *
 * What hwloc does not find but we know of this machine (a memory limit, what
 * a GPU's driver says) is put into its topology as infos named Berth…, before
 * the conversion: so the XML carries it, and a peer reads the same.
 */
#include "topo/topo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "topo/parts.h"

#define LIMIT_INFO "BerthMemoryLimitMiB"

/* ---- hwloc ------------------------------------------------------------- */

static hwloc_topology_t prepare(unsigned flags, struct berth_error *err)
{
	enum hwloc_type_filter_e io = HWLOC_TYPE_FILTER_KEEP_IMPORTANT;
	hwloc_topology_t h = NULL;

	/* It prints many lines about what it does not like. */
	setenv("HWLOC_HIDE_ERRORS", "2", 0);
	/* They open X displays and compute contexts, tell us nothing new, and
	 * their libraries take longer to load than all the rest. */
	setenv("HWLOC_PLUGINS_BLACKLIST",
	       "hwloc_gl.so,hwloc_opencl.so,hwloc_cuda.so", 0);
	if (hwloc_topology_init(&h) < 0) {
		error_sys(err, "hwloc");
		return NULL;
	}
	if ((flags & TOPO_NO_DEVICES) != 0)
		io = HWLOC_TYPE_FILTER_KEEP_NONE;
	hwloc_topology_set_io_types_filter(h, io);
	hwloc_topology_set_type_filter(h, HWLOC_OBJ_BRIDGE,
				       HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_type_filter(h, HWLOC_OBJ_MISC,
				       HWLOC_TYPE_FILTER_KEEP_NONE);
	/* the same where they are built in */
	hwloc_topology_set_components(
	    h, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "gl");
	hwloc_topology_set_components(
	    h, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "opencl");
	hwloc_topology_set_components(
	    h, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "cuda");
	return h;
}

/* Memory that is ours, node by node, shrunk to the limit of our cgroup. */
static void apply_limit(struct topology *t, hwloc_topology_t h)
{
	const char *text =
	    hwloc_obj_get_info_by_name(hwloc_get_root_obj(h), LIMIT_INFO);
	uint64_t limit, sum = 0;
	struct bitset used;

	if (text == NULL)
		return;
	limit = strtoull(text, NULL, 10);
	bitset_init(&used);
	for (size_t i = 0; i < t->ncores; i++)
		if (t->core[i].numa >= 0)
			bitset_set(&used, (unsigned)t->core[i].numa);
	bitset_foreach (&used, n)
		sum += t->numa[n].mib;
	bitset_foreach (&used, n)
		if (limit < sum)
			t->numa[n].mib = (uint64_t)((long double)limit *
						    t->numa[n].mib / sum);
	bitset_finish(&used);
}

static int export(hwloc_topology_t h, char **xml, struct berth_error *err)
{
	char *text = NULL;
	int len = 0;

	if (hwloc_topology_export_xmlbuffer(h, &text, &len, 0) < 0)
		return error_sys(err, "hwloc: no XML of this topology");
	*xml = mem_strndup(text, (size_t)len);
	hwloc_free_xmlbuffer(h, text);
	return 0;
}

/* From a loaded h, which stays the caller's. */
static struct topology *convert(hwloc_topology_t h, char **xml,
				struct berth_error *err)
{
	struct topology *t = topology_create();
	char *text = NULL;

	if (topo_tree(t, h, err) < 0)
		goto fail;
	apply_limit(t, h);
	topo_devices(t, h);
	if (topology_seal(t, err) < 0)
		goto fail;
	if (xml != NULL && export(h, &text, err) < 0)
		goto fail;
	if (xml != NULL)
		*xml = text;
	return t;
fail:
	topology_unref(t);
	return NULL;
}

/* ---- the machine ------------------------------------------------------- */

/* "Model:  NVIDIA H200" of the driver's page on a GPU. */
static void driver_line(hwloc_obj_t pci, const char *line, const char *key,
			const char *info)
{
	size_t n = strlen(key);
	char *value;

	if (strncmp(line, key, n) != 0)
		return;
	line += n;
	line += strspn(line, " \t");
	value = mem_strndup(line, strcspn(line, "\n"));
	if (*value != '\0' && strchr(value, '?') == NULL)
		hwloc_obj_add_info(pci, info, value);
	free(value);
}

static void ask_nvidia(hwloc_obj_t pci)
{
	const struct hwloc_pcidev_attr_s *p = &pci->attr->pcidev;
	char path[80], line[256];
	FILE *f;

	snprintf(path, sizeof(path),
		 "/proc/driver/nvidia/gpus/%04x:%02x:%02x.%x/information",
		 p->domain, p->bus, p->dev, p->func);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		driver_line(pci, line, "GPU UUID:", "BerthUUID");
		driver_line(pci, line, "Model:", "BerthModel");
	}
	fclose(f);
}

static void read_sysfs(char *out, size_t size, hwloc_obj_t pci,
		       const char *name)
{
	const struct hwloc_pcidev_attr_s *p = &pci->attr->pcidev;
	char path[96];
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%04x:%02x:%02x.%x/%s", p->domain, p->bus,
		 p->dev, p->func, name);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(out, (int)size, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

static void ask_amd(hwloc_obj_t pci)
{
	char text[64], kib[32];

	read_sysfs(text, sizeof(text), pci, "unique_id");
	if (text[0] != '\0')
		hwloc_obj_add_info(pci, "BerthUUID", text);
	read_sysfs(text, sizeof(text), pci, "mem_info_vram_total");
	if (text[0] == '\0')
		return;
	snprintf(kib, sizeof(kib), "%" PRIu64,
		 (uint64_t)strtoull(text, NULL, 10) >> 10);
	hwloc_obj_add_info(pci, "BerthMemoryKiB", kib);
}

/* The drivers' own words, for an hwloc that was built without their
 * libraries (Debian's is). */
static void ask_drivers(hwloc_topology_t h)
{
	hwloc_obj_t pci = NULL;

	for (;;) {
		pci = hwloc_get_next_pcidev(h, pci);
		if (pci == NULL)
			return;
		if (pci->attr->pcidev.vendor_id == 0x10de)
			ask_nvidia(pci);
		if (pci->attr->pcidev.vendor_id == 0x1002)
			ask_amd(pci);
	}
}

static void note_limit(hwloc_topology_t h)
{
	uint64_t limit = topo_memory_limit("");
	char text[24];

	if (limit == UINT64_MAX)
		return;
	snprintf(text, sizeof(text), "%" PRIu64, limit);
	hwloc_obj_add_info(hwloc_get_root_obj(h), LIMIT_INFO, text);
}

struct topology *topo_load_system(unsigned flags, char **xml,
				  struct berth_error *err)
{
	unsigned long restrict_to = HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM |
				    HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING;
	hwloc_topology_t h = prepare(flags, err);
	struct topology *t = NULL;

	if (h == NULL)
		return NULL;
	if ((flags & TOPO_IGNORE_BINDING) != 0)
		restrict_to = HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM;
	hwloc_topology_set_flags(h, restrict_to);
	if (hwloc_topology_load(h) < 0) {
		error_sys(err, "this machine: hwloc can't read its topology");
		goto out;
	}
	ask_drivers(h);
	note_limit(h);
	t = convert(h, xml, err);
	if (t == NULL)
		error_prefix(err, "this machine");
out:
	hwloc_topology_destroy(h);
	return t;
}

/* ---- texts ------------------------------------------------------------- */

/* XML or a synthetic description, and where it is to go. */
struct text {
	const char *text;
	bool xml;
	char **xml_out;
	struct topology *loaded;
	struct berth_error *err;
};

static bool feed(hwloc_topology_t h, const struct text *in)
{
	int rc;

	if (in->xml)
		rc = hwloc_topology_set_xmlbuffer(h, in->text,
						  (int)strlen(in->text) + 1);
	else
		rc = hwloc_topology_set_synthetic(h, in->text);
	return rc == 0 && hwloc_topology_load(h) == 0;
}

static void load_text(void *arg)
{
	struct text *in = arg;
	hwloc_topology_t h = prepare(0, in->err);

	if (h == NULL)
		return;
	if (feed(h, in))
		in->loaded = convert(h, in->xml_out, in->err);
	else if (in->xml)
		error_set(in->err, BERTH_EINPUT,
			  "hwloc can't make a topology of this XML");
	else
		error_set(in->err, BERTH_EINPUT,
			  "no synthetic topology (such as \"pack:2 core:4 "
			  "pu:2\"), and no file of that name");
	hwloc_topology_destroy(h);
}

static struct topology *load_outside(struct text *in)
{
	int rc = in->xml ? topo_screen_xml(in->text, strlen(in->text), in->err)
			 : topo_screen_synthetic(in->text, in->err);

	if (rc < 0 || topo_trial(load_text, in, in->err) < 0)
		return NULL;
	load_text(in);
	return in->loaded;
}

struct topology *topo_load_xml(const char *xml, size_t len,
			       struct berth_error *err)
{
	struct text in = {.xml = true, .err = err};
	struct topology *t;
	char *text;

	if (len > TOPO_XML_MAX) {
		error_set(err, BERTH_ELIMIT, "topology: larger than %u MiB",
			  TOPO_XML_MAX >> 20);
		return NULL;
	}
	text = mem_strndup(xml, len);
	in.text = text;
	t = load_outside(&in);
	free(text);
	if (t == NULL)
		error_prefix(err, "topology");
	return t;
}

static int read_file(const char *path, struct buf *out, struct berth_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n;

	if (fd < 0) {
		error_set(err, BERTH_EINPUT, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, BERTH_EINPUT, "%s: not a file", path);
	}
	do {
		char *to = buf_reserve(out, 65536);

		n = read(fd, to, 65536);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0 && out->len <= TOPO_XML_MAX);
	close(fd);
	if (n < 0)
		return error_sys(err, "%s", path);
	if (out->len > TOPO_XML_MAX)
		return error_set(err, BERTH_ELIMIT,
				 "%s: larger than %u MiB, no topology", path,
				 TOPO_XML_MAX >> 20);
	*buf_reserve(out, 1) = '\0';
	return 0;
}

struct topology *topo_load_file(const char *path, char **xml,
				struct berth_error *err)
{
	struct text in = {.xml = true, .xml_out = xml, .err = err};
	struct topology *t = NULL;
	struct buf b;

	buf_init(&b);
	if (read_file(path, &b, err) < 0)
		goto out;
	in.text = b.data;
	t = load_outside(&in);
	if (t == NULL)
		error_prefix(err, "%s", path);
out:
	buf_finish(&b);
	return t;
}

struct topology *topo_load_synthetic(const char *text, char **xml,
				     struct berth_error *err)
{
	struct text in = {.text = text, .xml_out = xml, .err = err};
	struct topology *t = load_outside(&in);

	if (t == NULL)
		error_prefix(err, "topology \"%.80s\"", text);
	return t;
}

static bool names_file(const char *what)
{
	size_t n = strlen(what);
	struct stat st;

	return strchr(what, '/') != NULL ||
	       (n > 4 && strcmp(what + n - 4, ".xml") == 0) ||
	       stat(what, &st) == 0;
}

struct topology *topo_load(const char *what, unsigned flags, char **xml,
			   struct berth_error *err)
{
	if (what == NULL || *what == '\0')
		return topo_load_system(flags, xml, err);
	if (names_file(what))
		return topo_load_file(what, xml, err);
	return topo_load_synthetic(what, xml, err);
}
