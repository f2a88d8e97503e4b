/* agree_sim_disk.c - see agree_sim.h. */
#include <stdlib.h>
#include <string.h>

#include "agree_sim.h"
#include "base/mem.h"

enum { FILES = 128, SECTOR = 512 };

struct file {
	char name[40];
	struct buf data;  /* as a process sees it */
	struct buf saved; /* as a crash leaves it */
	bool there;
};

struct sim_disk {
	struct file file[FILES];
	uint64_t (*random)(void *arg);
	void *arg;
	bool full, crashed;
	unsigned fuse;
};

static struct file *find(struct sim_disk *d, const char *name, bool make)
{
	struct file *spare = NULL;

	for (unsigned i = 0; i < FILES; i++) {
		struct file *f = &d->file[i];

		if (f->there && strcmp(f->name, name) == 0)
			return f;
		if (!f->there && spare == NULL)
			spare = f;
	}
	if (!make || spare == NULL)
		return NULL;
	strncpy(spare->name, name, sizeof(spare->name) - 1);
	spare->there = true;
	return spare;
}

static void copy(struct buf *to, const struct buf *from)
{
	buf_clear(to);
	buf_add(to, from->len ? from->data : "", from->len);
}

/* Each sector that was not synced is there, or not. */
static void tear(struct sim_disk *d, struct file *f)
{
	for (size_t at = 0; at < f->data.len; at += SECTOR) {
		size_t n = f->data.len - at < SECTOR ? f->data.len - at
						     : SECTOR;

		if (at + n <= f->saved.len && d->random(d->arg) % 2)
			memcpy(f->saved.data + at, f->data.data + at, n);
	}
	copy(&f->data, &f->saved);
}

void sim_disk_crash(struct sim_disk *d)
{
	if (d->crashed)
		return;
	d->crashed = true;
	for (unsigned i = 0; i < FILES; i++) {
		if (d->file[i].there)
			tear(d, &d->file[i]);
	}
}

static int dead(struct sim_disk *d, struct berth_error *err)
{
	if (!d->crashed && d->fuse > 0 && --d->fuse == 0)
		sim_disk_crash(d);
	return d->crashed ? error_set(err, BERTH_ESYS, "no disk") : 0;
}

static int full(struct sim_disk *d, struct berth_error *err)
{
	return d->full ? error_set(err, BERTH_ESPACE, "the disk is full") : 0;
}

static int do_list(void *arg, void (*each)(void *arg, const char *name),
		   void *each_arg, struct berth_error *err)
{
	struct sim_disk *d = arg;

	for (unsigned i = 0; i < FILES; i++) {
		if (d->file[i].there)
			each(each_arg, d->file[i].name);
	}
	return 0;
}

static int do_read(void *arg, const char *name, struct buf *out,
		   struct berth_error *err)
{
	struct file *f = find(arg, name, false);

	if (f == NULL)
		return error_set(err, BERTH_ESYS, "%s: no such file", name);
	buf_add(out, f->data.len ? f->data.data : "", f->data.len);
	return 0;
}

static int do_reserve(void *arg, const char *name, size_t size,
		      struct berth_error *err)
{
	struct file *f;

	if (dead(arg, err) != 0 || full(arg, err) != 0)
		return -1;
	f = find(arg, name, true);
	if (f == NULL)
		return error_set(err, BERTH_ESPACE, "too many files");
	buf_clear(&f->data);
	memset(buf_reserve(&f->data, size), 0, size);
	f->data.len = size;
	copy(&f->saved, &f->data);
	return 0;
}

static int do_write(void *arg, const char *name, size_t offset,
		    const void *data, size_t len, struct berth_error *err)
{
	struct sim_disk *d = arg;
	struct file *f = find(d, name, false);

	if (f == NULL || offset + len > f->data.len)
		return error_set(err, BERTH_ESYS, "%s: not reserved", name);
	if (!d->crashed)
		memcpy(f->data.data + offset, data, len);
	return dead(d, err);
}

static int do_sync(void *arg, const char *name, struct berth_error *err)
{
	struct sim_disk *d = arg;
	struct file *f = find(d, name, false);

	if (dead(d, err) != 0)
		return -1;
	/* Once in a while the drive refuses. */
	if (d->random(d->arg) % 2000 == 0)
		return error_set(err, BERTH_ESYS, "an input/output error");
	copy(&f->saved, &f->data);
	return dead(d, err);
}

static int do_truncate(void *arg, const char *name, size_t size,
		       struct berth_error *err)
{
	struct file *f = find(arg, name, false);

	if (dead(arg, err) != 0)
		return -1;
	if (size < f->data.len)
		f->data.len = size;
	copy(&f->saved, &f->data);
	return 0;
}

static int do_rename(void *arg, const char *from, const char *to,
		     struct berth_error *err)
{
	struct file *f = find(arg, from, false), *t = find(arg, to, false);

	if (dead(arg, err) != 0)
		return -1;
	if (t)
		t->there = false;
	memset(f->name, 0, sizeof(f->name));
	strncpy(f->name, to, sizeof(f->name) - 1);
	return dead(arg, err);
}

static int do_remove(void *arg, const char *name, struct berth_error *err)
{
	struct file *f = find(arg, name, false);

	if (dead(arg, err) != 0)
		return -1;
	if (f)
		f->there = false;
	return 0;
}

static const struct agree_disk_ops ops = {
	.list = do_list,
	.read = do_read,
	.reserve = do_reserve,
	.write = do_write,
	.sync = do_sync,
	.truncate = do_truncate,
	.rename = do_rename,
	.remove = do_remove,
};

struct agree_disk sim_disk_ops(struct sim_disk *d)
{
	return (struct agree_disk){&ops, d, "disk"};
}

struct sim_disk *sim_disk_create(uint64_t (*random)(void *arg), void *arg)
{
	struct sim_disk *d = mem_alloc(sizeof(*d));

	d->random = random;
	d->arg = arg;
	return d;
}

void sim_disk_destroy(struct sim_disk *d)
{
	for (unsigned i = 0; i < FILES; i++) {
		buf_finish(&d->file[i].data);
		buf_finish(&d->file[i].saved);
	}
	free(d);
}

void sim_disk_full(struct sim_disk *d, bool is_full)
{
	d->full = is_full;
}

void sim_disk_fuse(struct sim_disk *d, unsigned writes)
{
	d->fuse = writes;
}

bool sim_disk_crashed(const struct sim_disk *d)
{
	return d->crashed;
}

void sim_disk_reboot(struct sim_disk *d)
{
	d->crashed = false;
	d->fuse = 0;
}
