/*
 * agree_env.h - what agreement needs of its surroundings, as a table: clock,
 * chance, timer, messages.  agree_real.c brings the loop and the net, tests
 * bring simulated ones; everything else of agreement knows only this.
 */
#ifndef BROKER_AGREE_ENV_H
#define BROKER_AGREE_ENV_H

#include "broker/agree.h"
#include "broker/agree_disk.h"

struct agree_env_ops {
	uint64_t (*now_us)(void *env); /* a clock that never goes back */
	uint64_t (*random)(void *env);
	/* Call agree_turn after so long; a later call replaces this one. */
	void (*wake)(void *env, uint64_t delay_us);
	/* -1: no such peer right now. */
	int (*send)(void *env, const char *node, const void *data, size_t len);
	const char *const *(*peers)(void *env, size_t *count);
	void (*destroy)(void *env); /* the agreement is gone */
};

struct agree_env {
	const struct agree_env_ops *ops;
	void *arg;
	const char *self; /* lives as long as arg */
};

struct agree *agree_create_env(struct agree_env env, struct agree_disk disk,
			       const struct agree_config *config,
			       const struct agree_events *ev, void *arg,
			       struct berth_error *err);
/* All work and all handlers are in here. */
void agree_turn(struct agree *a);
void agree_receive(struct agree *a, const char *node, const void *data,
		   size_t len);

#endif
