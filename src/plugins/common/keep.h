/* keep.h - copies that a plugin keeps, and the errors it fills.  Allocation
 * aborts when memory is gone: the host is started again and the broker tells
 * it how things are. */
#ifndef PLUGINS_KEEP_H
#define PLUGINS_KEEP_H

#include <stddef.h>

#include <berth/error.h>

void *keep_alloc(size_t size);		     /* zeroed */
void *keep_array(size_t count, size_t size); /* zeroed, overflow-checked */
void *keep_resize(void *p, size_t count, size_t size); /* not zeroed */
char *keep_string(const char *s);		       /* NULL gives NULL */
char *keep_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* NULL-terminated; freed by keep_strings_free, which takes NULL. */
char **keep_strings(const char *const *list, size_t n);
void keep_strings_free(char **list);

/* Fill err with BERTH_EINPUT; always -1. */
int keep_fail(struct berth_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
