/*
 * contact.h - where a Berth is and the token that opens it.
 *
 * BERTH_URI and BERTH_TOKEN, or the file `contact` in a Berth's state
 * directory: JSON {"uri": …, "uris": […], "token": …, "berth": …, "leader": …},
 * the leader's address and those of all ranks.  The file must be
 * its owner's alone (mode 0600), since who can read it can run jobs.
 */
#ifndef CLI_CONTACT_H
#define CLI_CONTACT_H

#include "base/error.h"
#include "io/servers.h"

struct contact {
	struct servers *servers;
	char *token;
	char *berth;  /* its name, may be empty */
	char *source; /* what to blame: a path or "BERTH_URI" */
};

/* The state directory: dir if not NULL, $BERTH_DIR, ~/.berth/$BERTH_NAME or
 * ~/.berth/default.  The caller frees. */
char *contact_dir(const char *dir);

/* dir as above; a dir that is given outweighs BERTH_URI. */
struct contact *contact_find(const char *dir, struct berth_error *err);
void contact_destroy(struct contact *c);

#endif
