/*
 * launcher_rig.h - several launchers' services in one process, without
 * sockets: what one posts to another waits in a queue until rig_settle, and
 * what goes to shepherds and ranks is kept for the test to look at.
 */
#ifndef TESTS_LAUNCHER_RIG_H
#define TESTS_LAUNCHER_RIG_H

#include "io/loop.h"
#include "launcher/coll.h"
#include "launcher/directory.h"
#include "launcher/joins.h"
#include "launcher/route.h"

#define RIG_NODES 3
#define RIG_HEARD 64

struct rig;

struct rig_node {
	struct rig *rig;
	char name[8];
	struct colls *colls;
	struct directory *directory;
	struct route *route;
	struct joins *joins;
	uint64_t context;
	/* Messages to shepherds ("key") and to the rank ("rank"). */
	struct {
		char key[16];
		Berth__Msg *msg;
	} heard[RIG_HEARD];
	size_t nheard;
	char gone[8][16]; /* shepherds that are over */
	size_t ngone;
	char here[8][16];
	size_t nhere;
	bool has_rank, unreachable;
	int started;
};

struct rig {
	struct loop *loop;
	struct rig_node node[RIG_NODES]; /* a, b, c */
	struct {
		size_t from, to;
		Berth__Msg *msg;
	} *queue;
	size_t nqueue;
};

struct rig *rig_create(void);
void rig_destroy(struct rig *r);
/* Deliver all that is under way, and what comes of it. */
void rig_settle(struct rig *r);
/* Let time pass for timers. */
void rig_wait_ms(struct rig *r, unsigned ms);
/* Drop what is under way to or from a node. */
void rig_drop(struct rig *r, size_t node);

void rig_shepherd(struct rig *r, size_t node, const char *key);
void rig_shepherd_gone(struct rig *r, size_t node, const char *key);
/* The last message of the body that the shepherd heard; NULL: none. */
const Berth__Msg *rig_heard(struct rig *r, size_t node, const char *key,
			    Berth__Msg__BodyCase body);
size_t rig_count(struct rig *r, size_t node, const char *key,
		 Berth__Msg__BodyCase body);

#endif
