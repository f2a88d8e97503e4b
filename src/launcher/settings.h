/*
 * settings.h - what one launcher was told about itself and its Berth, and the
 * line protocol in which it is told.
 *
 * The same lines travel from `berth up` to a launcher and lie in the node's
 * folder (settings, mode 0600), so that a launcher that starts again needs
 * nobody.  A line is "word rest"; the first is "berth-bootstrap VERSION", the
 * last "end".
 */
#ifndef LAUNCHER_SETTINGS_H
#define LAUNCHER_SETTINGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

#define BOOTSTRAP_VERSION 1

struct settings {
	char *berth;	 /* its name */
	char *node;	 /* this node's name */
	char *base_dir;	 /* the node's folder is base_dir/node */
	char *dir;	 /* the node's folder */
	char *state_dir; /* of the Berth; need not exist on this node */
	char *secret;	 /* hex digits */
	char *token;	 /* of the HTTP API */
	char *network;	 /* "10.1.0.0/16", an interface, or empty: find out */
	char *topology;	 /* of the rank: a file, a description, or empty */
	char *address;	 /* "host:port" that others reach us at; set here */
	struct buf conf; /* text of berth.conf */
	unsigned long long orphan_ms; /* in it: tasks without a broker */
	bool emulated;	 /* one of several nodes on one machine */
	bool broker;	 /* start a rank here (not under mpirun berthd) */
	bool complete;	 /* "end" was seen */
};

void settings_init(struct settings *s);
void settings_finish(struct settings *s);

/* Take one line.  -1: no such line, or out of place. */
int settings_line(struct settings *s, const char *line,
		  struct berth_error *err);

/* To and from dir/settings, with node and address. */
int settings_save(const struct settings *s, struct berth_error *err);
int settings_load(struct settings *s, const char *dir,
		  struct berth_error *err);

/* Set one string, with a copy. */
void settings_put(char **field, const char *value);

#endif
