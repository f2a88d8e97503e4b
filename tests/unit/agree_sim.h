/* agree_sim.h - agreement under a simulated clock, net and disks, from a
 * seed: for agree_sim_test and for long runs by hand. */
#ifndef TESTS_UNIT_AGREE_SIM_H
#define TESTS_UNIT_AGREE_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/agree_disk.h"

/* A folder in memory.  Writes that were not synced are torn by a crash. */
struct sim_disk;
struct sim_disk *sim_disk_create(uint64_t (*random)(void *arg), void *arg);
void sim_disk_destroy(struct sim_disk *d);
struct agree_disk sim_disk_ops(struct sim_disk *d);
void sim_disk_full(struct sim_disk *d, bool full);
/* Nothing that is called after this changes the disk any more; what was not
 * synced stays in part. */
void sim_disk_crash(struct sim_disk *d);
/* Crash by itself in the middle of a call, in so many writes. */
void sim_disk_fuse(struct sim_disk *d, unsigned writes);
bool sim_disk_crashed(const struct sim_disk *d);
/* Power is back. */
void sim_disk_reboot(struct sim_disk *d);

struct sim_result {
	uint64_t committed, elections, crashes, steps, messages;
	char failure[256]; /* "": the invariants hold */
};

/* One schedule; verbose: say what happens. */
void agree_sim_run(uint64_t seed, bool verbose, struct sim_result *out);

#endif
