/* mem.h - allocation that does not return NULL: when memory is gone the
 * process says so and aborts; its parent starts it again. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);			/* zeroed */
void *mem_array(size_t count, size_t size);	/* zeroed, overflow-checked */
void *mem_resize(void *p, size_t count, size_t size); /* not zeroed */
char *mem_strdup(const char *s);		/* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
void *mem_dup(const void *p, size_t size);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Free a NULL-terminated vector of strings (may be NULL). */
void mem_strv_free(char **v);
/* A deep copy of n strings, NULL-terminated. */
char **mem_strv_dup(char *const *v, size_t n);

#endif
