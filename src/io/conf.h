/*
 * conf.h - configuration files in libconfig's syntax.
 *
 * Every getter fails with "file:line: …" when the setting has the wrong type
 * or is out of range; conf_done fails when the file holds a setting that
 * nobody asked for, and names the nearest known one.
 */
#ifndef IO_CONF_H
#define IO_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct conf;

struct conf *conf_read(const char *path, struct berth_error *err);
struct conf *conf_parse(const char *text, const char *name,
			struct berth_error *err);
void conf_destroy(struct conf *c);

/* Paths are libconfig's: "broker.port", "roles.[0].name".  Absent: *out is
 * left alone and 0 is returned; present: 1; wrong: -1.  Strings live as long
 * as the conf. */
int conf_string(struct conf *c, const char *path, const char **out,
		struct berth_error *err);
int conf_int(struct conf *c, const char *path, long long min, long long max,
	     long long *out, struct berth_error *err);
int conf_double(struct conf *c, const char *path, double min, double max,
		double *out, struct berth_error *err);
int conf_bool(struct conf *c, const char *path, bool *out,
	      struct berth_error *err);
/* Elements of a list, array or group; 0 when absent, -1 when it is a scalar. */
int conf_length(struct conf *c, const char *path, struct berth_error *err);
/* Name of the i-th member of a group. */
const char *conf_member(struct conf *c, const char *path, int i);
/* "file:line" of a setting, for errors of the caller's own; lives until the
 * next call. */
const char *conf_where(struct conf *c, const char *path);
int conf_done(struct conf *c, struct berth_error *err);

#endif
