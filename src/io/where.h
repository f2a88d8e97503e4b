/*
 * where.h - where the programs and plug-ins of this Berth lie, so that a build
 * tree, an installed tree and a moved one each find their own parts.
 */
#ifndef IO_WHERE_H
#define IO_WHERE_H

#include "base/error.h"

/*
 * Path of a program of ours, by its name: "berth-shepherd", "berthd".  Looked
 * for in $BERTH_LIBEXEC, the folder of the running program, ../libexec/berth
 * and ../bin beside that, and where it was installed.  The caller frees.
 */
char *where_program(const char *name, struct berth_error *err);

/*
 * Path of the framework plug-in NAME: NAME.so in a folder of
 * $BERTH_PLUGIN_PATH (a list with colons), in the build tree's or the
 * installed tree's folder beside the running program, or where it was
 * installed.  The caller frees.
 */
char *where_plugin(const char *name, struct berth_error *err);

#endif
