/*
 * role_conf.h - the roles in berth.conf:
 *
 *   roles = (
 *     { name = "physics"; guarantee = "50%"; weight = 2.0; },
 *     { name = "ada"; parent = "physics"; guarantee = "cores=8,gpus=1";
 *       limit = "cores=32"; priority = 1; }
 *   );
 */
#ifndef BROKER_ROLE_CONF_H
#define BROKER_ROLE_CONF_H

#include <stddef.h>

#include "base/error.h"
#include "io/conf.h"
#include "model/role.h"

/* Strings are owned. */
struct role_conf {
	struct role_setting setting;
	char *where; /* "file:line" */
};

/* What conf says of roles; *out is the caller's, ends after *n. */
int role_conf_read(struct conf *conf, struct role_conf **out, size_t *n,
		   struct berth_error *err);
/* Deep. */
struct role_conf *role_conf_copy(const struct role_conf *from, size_t n);
void role_conf_free(struct role_conf *roles, size_t n);

#endif
