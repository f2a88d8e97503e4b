/*
 * switch.h - how nodes are connected: the tree of switches that a topology.conf
 * in Slurm's format describes.
 *
 *   SwitchName=leaf1 Nodes=n[1-16]
 *   SwitchName=top Switches=leaf[1-4]
 *
 * Keywords in any case, "\" at the end joins lines, "#" begins a comment,
 * LinkSpeed is read and means nothing.  Pure: the caller reads the file.
 */
#ifndef MODEL_SWITCH_H
#define MODEL_SWITCH_H

#include <stddef.h>

#include "base/error.h"

struct switches;

/* file is named in errors: "file:line: …".  NULL: it is wrong. */
struct switches *switches_parse(const char *text, const char *file,
				struct berth_error *err);
void switches_destroy(struct switches *s); /* NULL is fine */

size_t switches_count(const struct switches *s);
/* The switch that the node hangs on; -1: none. */
int switches_of(const struct switches *s, const char *node);
/* The one above, -1: none; and its name. */
int switches_above(const struct switches *s, int sw);
const char *switches_name(const struct switches *s, int sw);

#endif
