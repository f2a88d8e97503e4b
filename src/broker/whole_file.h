/* whole_file.h - small files of the leader, read and written as a whole. */
#ifndef BROKER_WHOLE_FILE_H
#define BROKER_WHOLE_FILE_H

#include <stddef.h>

#include "base/error.h"

/* Whole or not at all, and on the disk: a new file of mode 0600, then a
 * rename. */
int whole_file_write(const char *path, const char *text, size_t len,
		     struct berth_error *err);
/* The caller frees; a NUL stands behind it.  BERTH_ENOTFOUND: there is none;
 * BERTH_ELIMIT: it is larger than most. */
char *whole_file_read(const char *path, size_t most, size_t *len,
		      struct berth_error *err);

#endif
