/* error.c - see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What each code means to the two audiences. */
static const struct {
	int exit_status;
	int http_status;
} meaning[] = {
	[BERTH_OK] = {0, 200},	      [BERTH_EINPUT] = {2, 400},
	[BERTH_EAUTH] = {2, 401},     [BERTH_ENOTFOUND] = {2, 404},
	[BERTH_ECONFLICT] = {2, 409}, [BERTH_ELIMIT] = {2, 413},
	[BERTH_EUNAVAIL] = {1, 503},  [BERTH_EPROTO] = {1, 502},
	[BERTH_ESYS] = {1, 500},	      [BERTH_ESPACE] = {1, 507},
};

static void one_line(char *s)
{
	for (; *s; s++) {
		if (*s == '\n' || *s == '\r')
			*s = ' ';
	}
}

int error_set(struct berth_error *err, enum berth_code code, const char *fmt,
	      ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	if (err == NULL)
		return -1;
	/* By way of a copy: an argument may be err->text itself. */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	one_line(text);
	err->code = code;
	memcpy(err->text, text, sizeof(text));
	return -1;
}

int error_sys(struct berth_error *err, const char *fmt, ...)
{
	int saved = errno;
	char text[sizeof(err->text)];
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(err, BERTH_ESYS, "%s: %s", text, strerror(saved));
	errno = saved;
	return -1;
}

int error_prefix(struct berth_error *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_set(err, err->code, "%s: %s", text, err->text);
}

int error_exit_status(const struct berth_error *err)
{
	size_t code = err->code;

	return code < sizeof(meaning) / sizeof(meaning[0])
		       ? meaning[code].exit_status
		       : 1;
}

int error_http_status(const struct berth_error *err)
{
	size_t code = err->code;

	return code < sizeof(meaning) / sizeof(meaning[0])
		       ? meaning[code].http_status
		       : 500;
}
