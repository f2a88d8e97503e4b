#include "plugins/common/keep.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *p)
{
	if (p)
		return p;
	fputs("out of memory\n", stderr);
	abort();
}

void *keep_alloc(size_t size)
{
	return need(calloc(1, size ? size : 1));
}

void *keep_array(size_t count, size_t size)
{
	return need(calloc(count ? count : 1, size ? size : 1));
}

void *keep_resize(void *p, size_t count, size_t size)
{
	return need(reallocarray(p, count ? count : 1, size));
}

char *keep_string(const char *s)
{
	return s ? need(strdup(s)) : NULL;
}

char *keep_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return need(text);
}

char **keep_strings(const char *const *list, size_t n)
{
	char **copy = keep_array(n + 1, sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = keep_string(list[i]);
	return copy;
}

void keep_strings_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

int keep_fail(struct berth_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->code = BERTH_EINPUT;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}
