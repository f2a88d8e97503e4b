/* whole_file.h - small files, read and written as a whole, and the folders they
 * are in. */
#ifndef IO_WHOLE_FILE_H
#define IO_WHOLE_FILE_H

#include <stddef.h>

#include "base/error.h"

/* Whole or not at all, and on the disk: a new file of mode 0600, then a
 * rename. */
int whole_file_write(const char *path, const void *text, size_t len,
		     struct berth_error *err);
/* The caller frees; a NUL stands behind it.  BERTH_ENOTFOUND: there is none;
 * BERTH_ELIMIT: it is larger than most. */
char *whole_file_read(const char *path, size_t most, size_t *len,
		      struct berth_error *err);
/* Write all of it to an open file; -1: errno. */
int whole_file_put(int fd, const void *from, size_t len);

/* A folder and those above it, of mode 0700, that are not there yet. */
int whole_file_folder(const char *path, struct berth_error *err);

#endif
