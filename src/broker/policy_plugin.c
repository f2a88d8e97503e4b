/* policy_plugin.c - see policy_plugin.h. */
#include "broker/policy_plugin.h"

#include <dlfcn.h>
#include <string.h>

#define SYMBOL "berth_policy"

static int check(const struct policy *p, const char *path,
		 struct berth_error *err)
{
	if (p->abi != POLICY_ABI)
		return error_set(err, BERTH_EINPUT,
				 "policy %s: it was built for version %u of "
				 "policies, this Berth has %d: build it again",
				 path, p->abi, POLICY_ABI);
	if (p->name == NULL || p->decide == NULL ||
	    (p->create == NULL) != (p->destroy == NULL))
		return error_set(err, BERTH_EINPUT,
				 "policy %s: " SYMBOL " has no name or no "
				 "decide, or one of create and destroy alone",
				 path);
	return 0;
}

const struct policy *policy_plugin_load(const char *name,
					struct berth_error *err)
{
	const struct policy *p;
	void *object;

	if (strchr(name, '/') == NULL)
		return policy_find(name, err);
	object = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (object == NULL) {
		error_set(err, BERTH_EINPUT, "policy %s", dlerror());
		return NULL;
	}
	p = dlsym(object, SYMBOL);
	if (p == NULL)
		error_set(err, BERTH_EINPUT,
			  "policy %s: it exports no " SYMBOL, name);
	else if (check(p, name, err) == 0)
		return p;
	dlclose(object);
	return NULL;
}
