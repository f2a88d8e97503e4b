/*
 * conf.c - see conf.h.
 *
 * Every path that was asked for is remembered: conf_done takes the settings
 * that are in the file but not among them for mistakes.  The text is read here
 * and handed over whole, since libconfig's scanner ends the process when a
 * read fails; for the same reason @include is refused.
 */
#include "io/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/nearest.h"

#define SIZE_LIMIT (4u << 20)

struct conf {
	config_t config;
	char *name;
	struct map *asked; /* path → anything */
	char *where;
};

/* What libconfig cannot be trusted with. */
static int check_text(const char *text, const char *name,
		      struct berth_error *err)
{
	unsigned line = 1;

	for (const char *p = text; *p; line++) {
		p += strspn(p, " \t");
		if (strncmp(p, "@include", 8) == 0)
			return error_set(err, BERTH_EINPUT,
					 "%s:%u: @include is not supported",
					 name, line);
		p += strcspn(p, "\n");
		if (*p)
			p++;
	}
	return 0;
}

struct conf *conf_parse(const char *text, const char *name,
			struct berth_error *err)
{
	struct conf *c;

	if (check_text(text, name, err) != 0)
		return NULL;
	c = mem_alloc(sizeof(*c));
	config_init(&c->config);
	c->name = mem_strdup(name);
	c->asked = map_create();
	if (config_read_string(&c->config, text) != CONFIG_TRUE) {
		error_set(err, BERTH_EINPUT, "%s:%d: %s", name,
			  config_error_line(&c->config),
			  config_error_text(&c->config));
		conf_destroy(c);
		return NULL;
	}
	return c;
}

static int read_text(const char *path, struct buf *out, struct berth_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return error_sys(err, "%s: cannot open", path);
	while (n > 0 && out->len <= SIZE_LIMIT) {
		n = read(fd, buf_reserve(out, 65536), 65536);
		if (n > 0)
			out->len += (size_t)n;
	}
	if (n < 0)
		error_sys(err, "%s: cannot read", path);
	close(fd);
	if (n < 0)
		return -1;
	buf_reserve(out, 1)[0] = '\0';
	if (out->len > SIZE_LIMIT)
		return error_set(err, BERTH_ELIMIT,
				 "%s: larger than %u bytes", path, SIZE_LIMIT);
	if (strlen(out->data) != out->len)
		return error_set(err, BERTH_EINPUT,
				 "%s: no text file: it holds a NUL byte", path);
	return 0;
}

struct conf *conf_read(const char *path, struct berth_error *err)
{
	struct conf *c = NULL;
	struct buf text;

	buf_init(&text);
	if (read_text(path, &text, err) == 0)
		c = conf_parse(text.data, path, err);
	else if (err && err->code == BERTH_ESYS && errno != EIO)
		err->code = BERTH_EINPUT;
	buf_finish(&text);
	return c;
}

void conf_destroy(struct conf *c)
{
	if (c == NULL)
		return;
	config_destroy(&c->config);
	map_destroy(c->asked, NULL);
	free(c->name);
	free(c->where);
	free(c);
}

static config_setting_t *find(struct conf *c, const char *path)
{
	map_put(c->asked, path, c);
	if (path[0] == '\0')
		return config_root_setting(&c->config);
	return config_lookup(&c->config, path);
}

static int wrong(struct conf *c, const config_setting_t *s, const char *path,
		 struct berth_error *err, const char *want)
{
	return error_set(err, BERTH_EINPUT, "%s:%u: %s must be %s", c->name,
			 config_setting_source_line(s), path, want);
}

int conf_string(struct conf *c, const char *path, const char **out,
		struct berth_error *err)
{
	config_setting_t *s = find(c, path);

	if (s == NULL)
		return 0;
	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return wrong(c, s, path, err, "a string in double quotes");
	*out = config_setting_get_string(s);
	return 1;
}

int conf_int(struct conf *c, const char *path, long long min, long long max,
	     long long *out, struct berth_error *err)
{
	config_setting_t *s = find(c, path);
	int type = s ? config_setting_type(s) : CONFIG_TYPE_NONE;
	char want[96];
	long long value;

	if (s == NULL)
		return 0;
	snprintf(want, sizeof(want), "a whole number from %lld to %lld", min,
		 max);
	if (type == CONFIG_TYPE_INT)
		value = config_setting_get_int(s);
	else if (type == CONFIG_TYPE_INT64)
		value = config_setting_get_int64(s);
	else
		return wrong(c, s, path, err, want);
	if (value < min || value > max)
		return wrong(c, s, path, err, want);
	*out = value;
	return 1;
}

int conf_double(struct conf *c, const char *path, double min, double max,
		double *out, struct berth_error *err)
{
	config_setting_t *s = find(c, path);
	int type = s ? config_setting_type(s) : CONFIG_TYPE_NONE;
	char want[96];
	double value;

	if (s == NULL)
		return 0;
	snprintf(want, sizeof(want), "a number from %g to %g", min, max);
	if (type == CONFIG_TYPE_FLOAT)
		value = config_setting_get_float(s);
	else if (type == CONFIG_TYPE_INT)
		value = config_setting_get_int(s);
	else if (type == CONFIG_TYPE_INT64)
		value = (double)config_setting_get_int64(s);
	else
		return wrong(c, s, path, err, want);
	/* Written so that NaN fails. */
	if (!(value >= min && value <= max))
		return wrong(c, s, path, err, want);
	*out = value;
	return 1;
}

int conf_bool(struct conf *c, const char *path, bool *out,
	      struct berth_error *err)
{
	config_setting_t *s = find(c, path);

	if (s == NULL)
		return 0;
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return wrong(c, s, path, err, "true or false");
	*out = config_setting_get_bool(s) != CONFIG_FALSE;
	return 1;
}

int conf_length(struct conf *c, const char *path, struct berth_error *err)
{
	config_setting_t *s = find(c, path);

	if (s == NULL)
		return 0;
	if (!config_setting_is_aggregate(s))
		return wrong(c, s, path, err,
			     "a list ( ), an array [ ] or a group { }");
	return config_setting_length(s);
}

const char *conf_member(struct conf *c, const char *path, int i)
{
	config_setting_t *s = find(c, path);

	if (s == NULL || !config_setting_is_group(s) || i < 0 ||
	    i >= config_setting_length(s))
		return NULL;
	return config_setting_name(config_setting_get_elem(s, (unsigned)i));
}

const char *conf_where(struct conf *c, const char *path)
{
	config_setting_t *s = path[0] ? config_lookup(&c->config, path) : NULL;

	free(c->where);
	c->where = s ? mem_printf("%s:%u", c->name,
				  config_setting_source_line(s))
		     : mem_strdup(c->name);
	return c->where;
}

/* ---- what nobody asked for ---- */

static int check_known(struct conf *c, config_setting_t *s, const char *path,
		       struct berth_error *err)
{
	int n = config_setting_is_aggregate(s) ? config_setting_length(s) : 0;
	bool list = !config_setting_is_group(s);
	struct nearest near = {.wanted = path};
	const char *known;
	size_t pos = 0;

	for (int i = 0; i < n; i++) {
		config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
		const char *dot = path[0] ? "." : "";
		char *sub = list ? mem_printf("%s%s[%d]", path, dot, i)
				 : mem_printf("%s%s%s", path, dot,
					      config_setting_name(e));
		int rc = check_known(c, e, sub, err);

		free(sub);
		if (rc != 0)
			return rc;
	}
	if (n > 0 || path[0] == '\0' || map_get(c->asked, path))
		return 0;
	while (map_next(c->asked, &pos, &known))
		nearest_offer(&near, known);
	return error_set(err, BERTH_EINPUT,
			 "%s:%u: unknown setting %s%s%s%s", c->name,
			 config_setting_source_line(s), path,
			 near.best ? " (did you mean " : "",
			 near.best ? near.best : "", near.best ? "?)" : "");
}

int conf_done(struct conf *c, struct berth_error *err)
{
	return check_known(c, config_root_setting(&c->config), "", err);
}
