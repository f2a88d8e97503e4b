/*
 * doors.h - where the HTTP API of each rank is, as the leader knows it from
 * their hellos.  It tells all agents, who keep the contact file, so that users
 * and frameworks find whoever leads later.
 */
#ifndef BROKER_DOORS_H
#define BROKER_DOORS_H

#include "broker/net.h"
#include "io/loop.h"
#include "wire/frame.h"

struct doors;

/* uri: of this rank's own door. */
struct doors *doors_create(struct loop *loop, struct net *net,
			   const char *uri);
void doors_destroy(struct doors *d);

/* A rank has said where it is. */
void doors_hello(struct doors *d, const Berth__NodeHello *hello);
/* The addresses, the leader's first, with blanks between; lives until the
 * next call. */
const char *doors_text(struct doors *d);

#endif
