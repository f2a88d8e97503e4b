/* plugin_file.h - a plugin as a shared object: loaded, checked, unloaded. */
#ifndef FRAMEWORK_PLUGIN_FILE_H
#define FRAMEWORK_PLUGIN_FILE_H

#include <berth/plugin.h>

#include "base/error.h"

struct plugin_file;

/*
 * Load the plugin NAME (see where_plugin), or the file at a path with a slash
 * in it.  BERTH_EINPUT when there is no such file, it does not load, exports
 * no berth_plugin, was built for another ABI, calls itself otherwise than its
 * file, or lacks a callback that every plugin has.
 */
struct plugin_file *plugin_file_open(const char *name, struct berth_error *err);
void plugin_file_close(struct plugin_file *f); /* unloads it */

/* A copy with the members that its ABI has; later ones are NULL. */
const struct berth_plugin *plugin_file_get(const struct plugin_file *f);

/* The checks alone, on a plugin that is linked in; file is the name it must
 * have. */
int plugin_check(const struct berth_plugin *p, const char *file,
		 struct berth_error *err);

#endif
