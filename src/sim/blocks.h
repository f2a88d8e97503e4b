/*
 * blocks.h - where the data of a stage lies, and which of its tasks are still
 * to be started: the book of one map stage.
 */
#ifndef SIM_BLOCKS_H
#define SIM_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#define BLOCKS_NONE UINT32_MAX

struct blocks {
	uint32_t tasks, left; /* left: not taken */
	unsigned nodes, replicas;
	bool *taken;
	uint32_t *lies;	 /* replicas nodes of each task */
	uint32_t *first; /* of each node, index into task */
	uint32_t *task;	 /* those of each node, one node after the other */
	uint32_t *count; /* of each node, not taken */
	uint32_t next;	 /* none before it is left */
};

/* replicas 0: the data is nowhere, any node does. */
void blocks_init(struct blocks *b, uint32_t tasks, unsigned nodes,
		 unsigned replicas, uint64_t seed);
void blocks_finish(struct blocks *b);
/* A task whose data is on the node, BLOCKS_NONE if there is none left. */
uint32_t blocks_take_local(struct blocks *b, uint32_t node);
/* The next one, wherever its data is. */
uint32_t blocks_take_any(struct blocks *b);
/* It was not run. */
void blocks_put_back(struct blocks *b, uint32_t task);
bool blocks_lies_on(const struct blocks *b, uint32_t task, uint32_t node);

#endif
