/* shepherd_rig_impl.h - what the rig's files share. */
#ifndef TEST_SHEPHERD_RIG_IMPL_H
#define TEST_SHEPHERD_RIG_IMPL_H

#include <sys/queue.h>

#include "base/map.h"
#include "rpc/link.h"
#include "shepherd_rig.h"

struct shep {
	TAILQ_ENTRY(shep) next;
	struct rig *rig;
	unsigned node;
	char *key;
	pid_t pid;
	struct link *link;
};

struct coll {
	TAILQ_ENTRY(coll) next;
	char *key;
	size_t n, joined;
	bool want_id;
	int32_t status;
	Berth__Msg **joins; /* by party */
};

struct entry {
	TAILQ_ENTRY(entry) next;
	Berth__Msg *msg;
};

struct wait {
	TAILQ_ENTRY(wait) next;
	struct shep *from;
	Berth__Msg *msg;
};

struct rig {
	char dir[64];
	struct loop *loop;
	TAILQ_HEAD(, shep) sheps;
	TAILQ_HEAD(, coll) colls;
	TAILQ_HEAD(, entry) entries;
	TAILQ_HEAD(, wait) waits;
	struct map *tasks;
	unsigned ended;
	bool confirm;
	uint64_t next_context, fed;
	bool fed_closed;
};

struct shep *rig_find(struct rig *r, unsigned node, const char *key);
struct shep *rig_find_name(struct rig *r, const char *node, const char *key);
/* shepherd_rig_vm.c: coll_join, publish, unpublish, lookup.  False: not one
 * of those. */
bool rig_vm_message(struct shep *from, const Berth__Msg *msg);
void rig_vm_finish(struct rig *r);

#endif
