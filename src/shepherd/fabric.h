/*
 * fabric.h - what Open MPI need not look for on this node.
 *
 * Open MPI opens every transport that it was built with.  Two of them, PSM
 * and PSM2, calibrate a clock as their libraries load, 100 ms each, also where
 * no such hardware is.  On a node without it they are left out, and nothing
 * else is: whatever the user's environment or the parameter files of the user
 * and of the Open MPI installation say stays in force, and a choice that names
 * what to use is never touched.
 */
#ifndef SHEPHERD_FABRIC_H
#define SHEPHERD_FABRIC_H

#include <stdbool.h>

/*
 * The value of OMPI_MCA_mtl for a task with this environment ("NAME=value",
 * NULL-terminated), or NULL when nothing is to be set.  Reads a few small
 * files.  The caller frees.
 */
char *fabric_mtl(char *const *env);

/* The decision alone: system and user are the values in the two parameter
 * files, NULL where a file does not set it; for tests. */
char *fabric_mtl_without_psm(const char *env_value, const char *user,
			     const char *system);

/*
 * Between nodes Open MPI speaks TCP, and by itself never over the loopback
 * interface.  True when it has to: nodes that are emulated on one machine (Open
 * MPI 5 finds no way there from an address to itself), or a machine that has no
 * other interface; and the environment says nothing about interfaces.
 */
bool fabric_needs_loopback(char *const *env, bool emulated);

#endif
