/*
 * coll_table.h - the collectives that this node coordinates, and those that
 * its own shepherds have entered.  State only: coll.h sends the messages.
 *
 * One keyed collective serves fence, connect and group.  Its coordinator is
 * the node of its first party.  A party that enters twice counts once, so
 * whoever is in doubt sends its join again; what ended lately is kept for
 * such a one.  In a living one, of ranks that outlive others, parties that are
 * gone are left out: it ends with STATUS_LOST, but not before all the others
 * are there.
 */
#ifndef LAUNCHER_COLL_TABLE_H
#define LAUNCHER_COLL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"

struct coll_table;
struct coll;

struct coll_table *coll_table_create(void);
/* free_user gets the user pointer of every collective that is left. */
void coll_table_destroy(struct coll_table *t, void (*free_user)(void *));

enum coll_join_result {
	COLL_NEW,      /* this join began the collective */
	COLL_WAITING,  /* others are still to come */
	COLL_COMPLETE, /* this was the last */
	COLL_OVER,     /* it has ended already: coll_result has the answer */
	COLL_REFUSED,  /* the sender is no party of it */
};

/* A party enters.  *c is the collective, except when refused.  A new
 * collective of one party is COMPLETE at once. */
enum coll_join_result coll_table_join(struct coll_table *t,
				      const Berth__CollJoin *join,
				      struct coll **c);

const char *coll_key(const struct coll *c);
size_t coll_parties(const struct coll *c);
const Berth__Party *coll_party(const struct coll *c, size_t i);
bool coll_joined(const struct coll *c, size_t i);
/* Do the others go on without parties that are gone? */
bool coll_living(const struct coll *c);
/* Party i will never come and is left out.  True: that was the last that was
 * missing. */
bool coll_drop(struct coll *c, size_t i);
bool coll_wants_context_id(const struct coll *c);
bool coll_over(const struct coll *c);
/* The caller's own, a timer say; NULL at first. */
void **coll_user(struct coll *c);

/* End it, with what has come: status 0 takes the first failure that a party
 * entered with. */
void coll_table_end(struct coll_table *t, struct coll *c, int status,
		    uint64_t context_id);
/* The answer to party i of an ended collective; it points into c and is good
 * until the next coll_table_end.  The caller frees it with free(). */
Berth__CollDone *coll_result(const struct coll *c, size_t i);

/* Running collectives, one after the other: NULL at the end.  The current one
 * may be ended meanwhile. */
struct coll *coll_table_next(struct coll_table *t, size_t *pos);
struct coll *coll_table_find(struct coll_table *t, const char *key);

/* ---- what our own shepherds wait for ---- */

/* Remember a join until its CollDone comes; a copy is made. */
void coll_table_wait(struct coll_table *t, const Berth__CollJoin *join);
/* Its end came.  False: nobody waits (any more), drop the CollDone. */
bool coll_table_answered(struct coll_table *t, const char *key,
			 const char *shepherd);
/* Joins that wait, one after the other; the current one may be answered. */
const Berth__CollJoin *coll_table_waiting(struct coll_table *t, size_t *pos);
/* The shepherd is gone: it waits for nothing. */
void coll_table_forget(struct coll_table *t, const char *shepherd);

#endif
