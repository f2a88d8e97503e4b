/*
 * post.h - the ways out of a launcher, as its services see them: to a node's
 * launcher, to a shepherd here, to the rank here.  A service is given a post
 * and never learns of links, so a test can stand in for all three.
 */
#ifndef LAUNCHER_POST_H
#define LAUNCHER_POST_H

#include "wire/frame.h"

struct post {
	void *arg;
	/* To another node's launcher.  -1: it is not in the roster. */
	int (*node)(void *arg, const char *node, const Berth__Msg *msg);
	/* To every other launcher. */
	void (*all)(void *arg, const Berth__Msg *msg);
	/* To a shepherd of this node.  -1: there is none of that key. */
	int (*shepherd)(void *arg, const char *key, const Berth__Msg *msg);
	/* To this node's rank.  -1: none is linked. */
	int (*rank)(void *arg, const Berth__Msg *msg);
};

#endif
