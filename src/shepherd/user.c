/* user.c - see user.h. */
#include "shepherd/user.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

static int set_groups(uint32_t uid, uint32_t gid, struct berth_error *err)
{
	size_t room = 16384;
	char *text = mem_alloc(room);
	struct passwd pw, *found = NULL;
	gid_t one = gid;
	int rc;

	if (getpwuid_r(uid, &pw, text, room, &found) == 0 && found)
		rc = initgroups(found->pw_name, gid);
	else
		rc = setgroups(1, &one);
	free(text);
	if (rc != 0)
		return error_sys(err, "groups of user %u", uid);
	return 0;
}

int user_become(uint32_t uid, uint32_t gid, struct berth_error *err)
{
	if (uid == 0 || geteuid() == uid)
		return 0;
	if (geteuid() != 0)
		return error_set(err, BERTH_EINPUT,
				 "a job of user %u cannot be run by user %u, "
				 "who is not root",
				 uid, (unsigned)geteuid());
	if (set_groups(uid, gid, err) != 0)
		return -1;
	if (setresgid(gid, gid, gid) != 0)
		return error_sys(err, "cannot become group %u", gid);
	if (setresuid(uid, uid, uid) != 0)
		return error_sys(err, "cannot become user %u", uid);
	/* Descriptors opened as root are ours alone, not the user's. */
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}
