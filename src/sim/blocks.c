/* blocks.c - see blocks.h. */
#include "sim/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"

/* Distinct nodes for each task. */
static void place(struct blocks *b, uint64_t seed)
{
	struct rand_state r;

	rand_seed(&r, seed);
	for (uint32_t t = 0; t < b->tasks; t++) {
		uint32_t *at = &b->lies[(size_t)t * b->replicas];

		for (unsigned k = 0; k < b->replicas; k++) {
			unsigned i = 0;

			at[k] = (uint32_t)rand_below(&r, b->nodes);
			while (i < k) {
				if (at[i] != at[k]) {
					i++;
					continue;
				}
				at[k] = (at[k] + 1) % b->nodes;
				i = 0;
			}
			b->count[at[k]]++;
		}
	}
}

void blocks_init(struct blocks *b, uint32_t tasks, unsigned nodes,
		 unsigned replicas, uint64_t seed)
{
	size_t all;
	uint32_t *at;

	memset(b, 0, sizeof(*b));
	b->tasks = tasks;
	b->left = tasks;
	b->nodes = nodes;
	b->replicas = replicas < nodes ? replicas : nodes;
	b->taken = mem_array(tasks + 1, sizeof(*b->taken));
	if (replicas == 0)
		return;
	all = (size_t)tasks * b->replicas;
	b->lies = mem_array(all + 1, sizeof(*b->lies));
	b->first = mem_array(nodes + 1, sizeof(*b->first));
	b->task = mem_array(all + 1, sizeof(*b->task));
	b->count = mem_array(nodes, sizeof(*b->count));
	place(b, seed);
	for (unsigned n = 0; n < nodes; n++)
		b->first[n + 1] = b->first[n] + b->count[n];
	at = mem_dup(b->first, (nodes + 1) * sizeof(*at));
	for (size_t i = 0; i < all; i++)
		b->task[at[b->lies[i]]++] = (uint32_t)(i / b->replicas);
	free(at);
}

void blocks_finish(struct blocks *b)
{
	free(b->taken);
	free(b->lies);
	free(b->first);
	free(b->task);
	free(b->count);
	memset(b, 0, sizeof(*b));
}

static void mark(struct blocks *b, uint32_t task, bool taken)
{
	b->taken[task] = taken;
	b->left += taken ? -1u : 1u;
	for (unsigned k = 0; k < b->replicas; k++)
		b->count[b->lies[(size_t)task * b->replicas + k]] +=
			taken ? -1u : 1u;
}

uint32_t blocks_take_local(struct blocks *b, uint32_t node)
{
	if (b->replicas == 0 || b->count[node] == 0)
		return BLOCKS_NONE;
	for (uint32_t i = b->first[node]; i < b->first[node + 1]; i++) {
		if (!b->taken[b->task[i]]) {
			mark(b, b->task[i], true);
			return b->task[i];
		}
	}
	return BLOCKS_NONE;
}

uint32_t blocks_take_any(struct blocks *b)
{
	while (b->next < b->tasks && b->taken[b->next])
		b->next++;
	if (b->next == b->tasks)
		return BLOCKS_NONE;
	mark(b, b->next, true);
	return b->next++;
}

void blocks_put_back(struct blocks *b, uint32_t task)
{
	mark(b, task, false);
	if (task < b->next)
		b->next = task;
}

bool blocks_lies_on(const struct blocks *b, uint32_t task, uint32_t node)
{
	for (unsigned k = 0; k < b->replicas; k++) {
		if (b->lies[(size_t)task * b->replicas + k] == node)
			return true;
	}
	return false;
}
