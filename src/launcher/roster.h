/*
 * roster.h - the table of the nodes of a Berth and where their launchers
 * listen, kept in the node's folder so that a launcher that starts again
 * needs nobody.  Only a table: who links to whom is mesh.h's.
 */
#ifndef LAUNCHER_ROSTER_H
#define LAUNCHER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/frame.h"

struct roster;

struct roster_member {
	char *node;
	char *address;	/* "host:port"; empty: not known yet */
	uint32_t index; /* never given to another node */
};

struct roster *roster_create(const char *berth);
void roster_destroy(struct roster *r);

size_t roster_count(const struct roster *r);
const struct roster_member *roster_at(const struct roster *r, size_t i);
const struct roster_member *roster_find(const struct roster *r,
					const char *node);
uint64_t roster_version(const struct roster *r);

/* Take over a newer roster; an older or equal one changes nothing.  Returns
 * whether it was newer. */
bool roster_merge(struct roster *r, const Berth__Roster *msg);
/* Add a member or move its address; the version grows.  Returns whether
 * anything changed. */
bool roster_put(struct roster *r, const char *node, const char *address);

/* One line: "member INDEX NODE ADDRESS" or "roster VERSION". */
int roster_line(struct roster *r, const char *line, struct berth_error *err);

/* As a message; it points into the roster.  Free it with roster_msg_free. */
Berth__Roster *roster_msg(const struct roster *r);
void roster_msg_free(Berth__Roster *msg);

int roster_save(const struct roster *r, const char *dir,
		struct berth_error *err);
/* Into an empty roster. */
int roster_load(struct roster *r, const char *dir, struct berth_error *err);

#endif
