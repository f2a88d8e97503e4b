/*
 * user.h - becoming the job's user.
 */
#ifndef SHEPHERD_USER_H
#define SHEPHERD_USER_H

#include <stdint.h>

#include "base/error.h"

/*
 * Run as uid and gid, with that user's groups, from now on and for good.
 * Nothing to do when we are that user already, or when uid is 0; -1 when we
 * are another user and not root.
 */
int user_become(uint32_t uid, uint32_t gid, struct berth_error *err);

#endif
