/* contact.c - see contact.h. */
#include "cli/contact.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

char *contact_dir(const char *dir)
{
	const char *home = getenv("HOME");
	const char *name = getenv("BERTH_NAME");
	const struct passwd *pw;

	if (dir == NULL || dir[0] == '\0')
		dir = getenv("BERTH_DIR");
	if (dir && dir[0])
		return mem_strdup(dir);
	if (home == NULL || home[0] == '\0') {
		pw = getpwuid(getuid());
		home = pw ? pw->pw_dir : "";
	}
	return mem_printf("%s/.berth/%s", home,
			  name && name[0] ? name : "default");
}

/* Only its owner (us, or root for us) may have it in hand. */
static int check_owner(int fd, const char *path, struct berth_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, BERTH_EINPUT, "%s: no regular file",
				 path);
	if ((st.st_mode & 077) != 0)
		return error_set(err, BERTH_EAUTH,
				 "%s: others may read the token in it (mode "
				 "%03o); chmod 600 it, and berth down and up "
				 "for a new token",
				 path, st.st_mode & 0777);
	if (st.st_uid != geteuid() && geteuid() != 0 && st.st_uid != 0)
		return error_set(err, BERTH_EAUTH,
				 "%s: belongs to another user", path);
	return 0;
}

static char *member(json_t *root, const char *name)
{
	const char *value = json_string_value(json_object_get(root, name));

	return mem_strdup(value ? value : "");
}

/* The leader first. */
static struct servers *servers_of(json_t *root)
{
	char *first = member(root, "uri");
	struct servers *s = servers_create(first);
	json_t *uri;
	size_t i;

	json_array_foreach(json_object_get(root, "uris"), i, uri) {
		if (json_string_length(uri) > 0)
			servers_refer(s, json_string_value(uri));
	}
	if (first[0])
		servers_refer(s, first);
	free(first);
	return s;
}

static struct contact *read_file(const char *path, struct berth_error *err)
{
	struct contact *c = NULL;
	json_t *root = NULL;
	json_error_t je;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		error_set(err, BERTH_EUNAVAIL,
			  "no Berth found: %s is not there; start one with "
			  "berth up, or set BERTH_URI or --dir",
			  path);
		return NULL;
	}
	if (fd < 0) {
		error_sys(err, "%s", path);
		return NULL;
	}
	if (check_owner(fd, path, err) != 0)
		goto out;
	root = json_loadfd(fd, 0, &je);
	if (root == NULL) {
		error_set(err, BERTH_EINPUT, "%s:%d: %s", path, je.line,
			  je.text);
		goto out;
	}
	c = mem_alloc(sizeof(*c));
	c->servers = servers_of(root);
	c->token = member(root, "token");
	c->berth = member(root, "berth");
	c->source = mem_strdup(path);
	if (servers_count(c->servers) == 0) {
		error_set(err, BERTH_EINPUT, "%s: no \"uri\" in it", path);
		contact_destroy(c);
		c = NULL;
	}
out:
	json_decref(root);
	close(fd);
	return c;
}

struct contact *contact_find(const char *dir, struct berth_error *err)
{
	const char *uri = getenv("BERTH_URI");
	const char *token = getenv("BERTH_TOKEN");
	struct contact *c;
	char *folder, *path;

	if (dir == NULL && uri && uri[0]) {
		c = mem_alloc(sizeof(*c));
		c->servers = servers_create(uri);
		c->token = mem_strdup(token ? token : "");
		c->berth = mem_strdup("");
		c->source = mem_strdup("BERTH_URI");
		return c;
	}
	folder = contact_dir(dir);
	path = mem_printf("%s/contact", folder);
	c = read_file(path, err);
	free(path);
	free(folder);
	return c;
}

void contact_destroy(struct contact *c)
{
	if (c == NULL)
		return;
	servers_destroy(c->servers);
	free(c->token);
	free(c->berth);
	free(c->source);
	free(c);
}
