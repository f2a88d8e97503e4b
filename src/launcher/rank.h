/*
 * rank.h - the door of a launcher: the socket NODE/launcher.sock, where this
 * node's rank of the broker links (role "rank"), and where `berth down` knocks
 * when no broker answers (role "tool": it may only say Shutdown).
 */
#ifndef LAUNCHER_RANK_H
#define LAUNCHER_RANK_H

#include <stdbool.h>

#include "base/error.h"
#include "io/loop.h"
#include "launcher/settings.h"
#include "wire/frame.h"

struct rank;

struct rank_events {
	void (*up)(void *arg);
	void (*down)(void *arg);
	/* May be changed by the receiver. */
	void (*message)(void *arg, Berth__Msg *msg);
};

struct rank *rank_create(struct loop *l, const struct settings *s,
			 const struct rank_events *ev, void *arg);
void rank_destroy(struct rank *r);
int rank_listen(struct rank *r, struct berth_error *err);

bool rank_is_up(const struct rank *r);
/* -1: none is linked. */
int rank_send(struct rank *r, const Berth__Msg *msg);

#endif
