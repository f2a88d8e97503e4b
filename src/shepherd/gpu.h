/*
 * gpu.h - which GPUs a process may see, said in each vendor's own variable.
 *
 * By UUID where the driver gives one, else by the place among the vendor's
 * GPUs in PCI order, which the variable's reader is told to count by.  On a
 * node that has a vendor's GPUs, a process whose slice holds none sees none.
 */
#ifndef SHEPHERD_GPU_H
#define SHEPHERD_GPU_H

#include "shepherd/env.h"
#include "wire/berth.pb-c.h"

/* sysfs_root is "/sys", or a test's. */
struct gpus;
struct gpus *gpus_create(const char *sysfs_root);
void gpus_destroy(struct gpus *g);

/* The GPUs of the slice for the i-th of n ranks in it: an equal part each
 * where they divide evenly, else all of them. */
void gpus_set_env(const struct gpus *g, const Berth__Slice *slice, unsigned i,
		  unsigned n, struct env *e);

#endif
