/*
 * coll.h - the service of the one keyed collective (fence, connect, group).
 *
 * Joins of this node's shepherds go to the coordinator, the launcher of the
 * first party's node; it sends every party what all have brought.  A party
 * that will never come (its shepherd or node is gone) ends the collective with
 * an error for those who wait; nobody waits for ever for the dead.
 */
#ifndef LAUNCHER_COLL_H
#define LAUNCHER_COLL_H

#include <stdint.h>

#include "io/loop.h"
#include "launcher/post.h"

struct colls;

/* How the service learns whether a shepherd of this node can still come. */
enum coll_shepherd { SHEPHERD_HERE, SHEPHERD_GONE, SHEPHERD_NOT_YET };
typedef enum coll_shepherd (*coll_shepherd_f)(void *arg, const char *key);
/* The next context id, unique over the virtual machine. */
typedef uint64_t (*coll_context_f)(void *arg);

struct coll_config {
	const char *node; /* this one; must outlive the service */
	struct post post;
	coll_shepherd_f shepherd;
	coll_context_f context;
	void *arg;
	uint64_t watch_us; /* look after a party that is so late; 0: 1 s */
};

struct colls *colls_create(struct loop *l, const struct coll_config *conf);
void colls_destroy(struct colls *cs);

/* From a shepherd of this node; its own word on who it is does not count. */
void colls_join_local(struct colls *cs, const char *shepherd,
		      Berth__CollJoin *join);
/* From another node's launcher. */
void colls_message(struct colls *cs, const char *node, const Berth__Msg *msg);

void colls_shepherd_gone(struct colls *cs, const char *shepherd);
/* Linked again: what waits for that coordinator is sent again. */
void colls_node_up(struct colls *cs, const char *node);
void colls_node_lost(struct colls *cs, const char *node);

#endif
