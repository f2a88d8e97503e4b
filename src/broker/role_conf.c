/* role_conf.c - see role_conf.h. */
#include "broker/role_conf.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NAME_CHARS                                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* "roles.[3].member"; in path, which has room. */
static const char *member(char *path, size_t size, int i, const char *name)
{
	snprintf(path, size, "roles.[%d]%s%s", i, *name ? "." : "", name);
	return path;
}

static int read_name(struct conf *conf, int i, const char *which, char **out,
		     struct berth_error *err)
{
	char path[64];
	const char *value = NULL;
	size_t n;

	if (conf_string(conf, member(path, sizeof(path), i, which), &value,
			err) < 0)
		return -1;
	if (value == NULL)
		return 0;
	n = strspn(value, NAME_CHARS);
	if (n == 0 || n > 64 || value[n] != '\0')
		return error_set(err, BERTH_EINPUT,
				 "%s: %s \"%.64s\": a role's name is 1 to 64 of "
				 "A-Z a-z 0-9 . _ -", conf_where(conf, path),
				 which, value);
	*out = mem_strdup(value);
	return 0;
}

static int read_quota(struct conf *conf, int i, const char *which,
		      struct quota *out, struct berth_error *err)
{
	char path[64];
	const char *value = NULL;

	if (conf_string(conf, member(path, sizeof(path), i, which), &value,
			err) < 0)
		return -1;
	if (value == NULL || quota_parse(value, out, err) == 0)
		return 0;
	return error_prefix(err, "%s: %s", conf_where(conf, path), which);
}

static int read_role(struct conf *conf, int i, struct role_conf *r,
		     struct berth_error *err)
{
	char path[64], *name = NULL, *parent = NULL;
	long long priority = 0;
	int rc = 0;

	role_setting_init(&r->setting, NULL);
	r->where = mem_strdup(conf_where(conf, member(path, sizeof(path), i,
						      "")));
	rc |= read_name(conf, i, "name", &name, err);
	r->setting.name = name;
	if (rc == 0)
		rc = read_name(conf, i, "parent", &parent, err);
	r->setting.parent = parent;
	if (rc == 0 && name == NULL)
		rc = error_set(err, BERTH_EINPUT, "%s: a role without a name",
			       r->where);
	if (rc == 0)
		rc = read_quota(conf, i, "guarantee", &r->setting.guarantee,
				err);
	if (rc == 0)
		rc = read_quota(conf, i, "limit", &r->setting.limit, err);
	if (rc == 0 &&
	    conf_double(conf, member(path, sizeof(path), i, "weight"), 1e-6,
			1e9, &r->setting.weight, err) < 0)
		rc = -1;
	if (rc == 0 &&
	    conf_int(conf, member(path, sizeof(path), i, "priority"),
		     INT_MIN, INT_MAX, &priority, err) < 0)
		rc = -1;
	r->setting.priority = (int)priority;
	return rc;
}

int role_conf_read(struct conf *conf, struct role_conf **out, size_t *n,
		   struct berth_error *err)
{
	int count = conf_length(conf, "roles", err);
	struct role_conf *roles;

	*out = NULL;
	*n = 0;
	if (count <= 0)
		return count;
	roles = mem_array((size_t)count, sizeof(*roles));
	for (int i = 0; i < count; i++) {
		if (read_role(conf, i, &roles[i], err) == 0)
			continue;
		role_conf_free(roles, (size_t)count);
		return -1;
	}
	*out = roles;
	*n = (size_t)count;
	return 0;
}

struct role_conf *role_conf_copy(const struct role_conf *from, size_t n)
{
	struct role_conf *roles = mem_array(n + 1, sizeof(*roles));

	for (size_t i = 0; i < n; i++) {
		roles[i] = from[i];
		roles[i].setting.name = mem_strdup(from[i].setting.name);
		roles[i].setting.parent = mem_strdup(from[i].setting.parent);
		roles[i].where = mem_strdup(from[i].where);
	}
	return roles;
}

void role_conf_free(struct role_conf *roles, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((char *)roles[i].setting.name);
		free((char *)roles[i].setting.parent);
		free(roles[i].where);
	}
	free(roles);
}
