/*
 * policy_plugin.h - a policy from a shared object, or one that is built in.
 *
 * The object exports one symbol, `berth_policy`, of type const struct policy
 * (policy/policy.h).  One made for another POLICY_ABI is refused.  It stays
 * loaded as long as the process lives.
 */
#ifndef BROKER_POLICY_PLUGIN_H
#define BROKER_POLICY_PLUGIN_H

#include "base/error.h"
#include "policy/policy.h"

/* name with a slash in it is a path; else a built-in policy's name. */
const struct policy *policy_plugin_load(const char *name,
					struct berth_error *err);

#endif
