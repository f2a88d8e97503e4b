#include "framework/plugin_file.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/where.h"

struct plugin_file {
	void *object;
	struct berth_plugin plugin;
};

int plugin_check(const struct berth_plugin *p, const char *file,
		 struct berth_error *err)
{
	/* The members up to the first that may be NULL have been there since
	 * ABI 1. */
	const size_t least = offsetof(struct berth_plugin, offer);

	if (p->abi != BERTH_PLUGIN_ABI)
		return error_set(err, BERTH_EINPUT,
				 "built for plugin ABI %u, this Berth has %d: "
				 "build it again with this Berth's headers",
				 p->abi, BERTH_PLUGIN_ABI);
	if (p->size < least)
		return error_set(err, BERTH_EINPUT,
				 "berth_plugin.size is %zu, less than %zu: set "
				 "it to sizeof(struct berth_plugin)",
				 p->size, least);
	if (!p->name || strcmp(p->name, file))
		return error_set(err, BERTH_EINPUT,
				 "calls itself \"%s\" but its file is %s.so: "
				 "the two must be the same",
				 p->name ? p->name : "", file);
	if (!p->create || !p->destroy || !p->state || !p->job || !p->cancel)
		return error_set(err, BERTH_EINPUT,
				 "lacks the callback %s",
				 !p->create  ? "create" :
				 !p->destroy ? "destroy" :
				 !p->state   ? "state" :
				 !p->job     ? "job" :
					       "cancel");
	return 0;
}

/* "/a/b/mpi.so" → "mpi"; the caller frees. */
static char *stem(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t len = strlen(base);

	if (len > 3 && !strcmp(base + len - 3, ".so"))
		len -= 3;
	return mem_strndup(base, len);
}

static const struct berth_plugin *load(struct plugin_file *f, const char *path,
				       struct berth_error *err)
{
	const struct berth_plugin *p;
	const char *why;

	if (access(path, R_OK) < 0) {
		error_sys(err, "plugin %s", path);
		if (err)
			err->code = BERTH_EINPUT;
		return NULL;
	}
	f->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!f->object) {
		why = dlerror();
		error_set(err, BERTH_EINPUT, "plugin does not load: %s", why);
		return NULL;
	}
	p = dlsym(f->object, BERTH_PLUGIN_SYMBOL);
	if (!p)
		error_set(err, BERTH_EINPUT,
			  "plugin %s exports no symbol %s: it is no plugin",
			  path, BERTH_PLUGIN_SYMBOL);
	return p;
}

struct plugin_file *plugin_file_open(const char *name, struct berth_error *err)
{
	struct plugin_file *f = mem_alloc(sizeof(*f));
	const struct berth_plugin *p = NULL;
	char *path = NULL, *base = NULL;
	int rc = -1;

	path = strchr(name, '/') ? mem_strdup(name) : where_plugin(name, err);
	if (!path) {
		if (err)
			err->code = BERTH_EINPUT;
		goto out;
	}
	p = load(f, path, err);
	if (!p)
		goto out;
	base = stem(path);
	if (plugin_check(p, base, err) < 0) {
		error_prefix(err, "plugin %s", path);
		goto out;
	}
	memcpy(&f->plugin, p,
	       p->size < sizeof(f->plugin) ? p->size : sizeof(f->plugin));
	rc = 0;
out:
	free(base);
	free(path);
	if (rc < 0) {
		plugin_file_close(f);
		f = NULL;
	}
	return f;
}

void plugin_file_close(struct plugin_file *f)
{
	if (!f)
		return;
	if (f->object)
		dlclose(f->object);
	free(f);
}

const struct berth_plugin *plugin_file_get(const struct plugin_file *f)
{
	return &f->plugin;
}
