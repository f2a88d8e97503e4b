/* error.h - filling and reading struct berth_error. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <berth/error.h>

/* Fill err (may be NULL).  Always returns -1, so that callers can write
 * `return error_set(err, ...)`.  Newlines in the text become spaces. */
int error_set(struct berth_error *err, enum berth_code code, const char *fmt,
	      ...) __attribute__((format(printf, 3, 4)));

/* The same with ": strerror(errno)" added; code is BERTH_ESYS. */
int error_sys(struct berth_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Put "prefix: " before the text that is already there. */
int error_prefix(struct berth_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Exit status for a program that ends with this error: 2 for what the user
 * can mend in the input, otherwise 1. */
int error_exit_status(const struct berth_error *err);

/* HTTP status of this error. */
int error_http_status(const struct berth_error *err);

#endif
