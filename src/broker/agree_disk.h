/*
 * agree_disk.h - the folder that agreement keeps its files in, as a table of
 * functions: agree_disk.c is the real one, tests bring one that tears writes
 * and fills up.  Names are those of files in the folder.
 *
 * All calls block.  A full disk is BERTH_ESPACE.
 */
#ifndef BROKER_AGREE_DISK_H
#define BROKER_AGREE_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct agree_disk_ops {
	int (*list)(void *d, void (*each)(void *arg, const char *name),
		    void *arg, struct berth_error *err);
	/* Append the whole file to out. */
	int (*read)(void *d, const char *name, struct buf *out,
		    struct berth_error *err);
	/* Make the file, all zeros and this large; it is there for good when
	 * this returns, and later writes inside it find room. */
	int (*reserve)(void *d, const char *name, size_t size,
		       struct berth_error *err);
	int (*write)(void *d, const char *name, size_t offset,
		     const void *data, size_t len, struct berth_error *err);
	/* What was written is there for good. */
	int (*sync)(void *d, const char *name, struct berth_error *err);
	int (*truncate)(void *d, const char *name, size_t size,
			struct berth_error *err);
	/* Replaces to; for good. */
	int (*rename)(void *d, const char *from, const char *to,
		      struct berth_error *err);
	int (*remove)(void *d, const char *name, struct berth_error *err);
};

struct agree_disk {
	const struct agree_disk_ops *ops;
	void *arg;
	const char *name; /* for messages: the folder */
};

/* The real one.  Makes the folder when it is missing, and locks it. */
struct agree_folder;
struct agree_folder *agree_folder_create(const char *path,
					 struct berth_error *err);
void agree_folder_destroy(struct agree_folder *f);
struct agree_disk agree_folder_disk(struct agree_folder *f);

#endif
