/*
 * start.h - starting launchers: the starter's side of the dialogue over
 * standard input and output that launcher/bootstrap.h describes.  `berth up`
 * starts one a node, over ssh say, or many behind one srun; a rank under
 * mpirun starts its node's.
 *
 * Blocks; for programs that have nothing else to do meanwhile.
 */
#ifndef RPC_START_H
#define RPC_START_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* Longest path of a node's folder: a socket's address holds 107 bytes, and
 * "/shepherd/KEY.sock" follows, with keys of up to 24 characters. */
#define START_FOLDER_MAX 68

struct start;

/* What every launcher is told; strings must outlive the start. */
struct start_config {
	const char *berth, *state_dir, *secret, *token;
	const char *base_dir; /* folder of the nodes' folders; "": default */
	const char *network;  /* which of its addresses; "": it finds out */
	const char *topology; /* of the rank; "": the real one */
	const char *conf;     /* text of the configuration, or "" */
	bool emulated;	      /* nodes of one machine */
	bool broker;	      /* start ranks */
};

enum start_state {
	START_SILENT,	/* nothing heard */
	START_HELLO,	/* it waits for the roster */
	START_RUNNING,	/* there is one already */
	START_READY,
	START_FAILED,	/* text says why */
};

struct start_node {
	char *node;    /* NULL: not known before it says hello */
	char *address; /* NULL until hello */
	enum start_state state;
	bool ranked; /* a rank of an earlier launcher lives there */
	char text[400];
};

struct start *start_create(const struct start_config *config);
/* Processes that are still there are let go, not ended. */
void start_destroy(struct start *s);

/*
 * Run argv, behind which n launchers will speak; names (may be NULL) are
 * theirs.  With lasting the process is to stay (srun): it gets a session of
 * its own and its errors go to the file log.
 */
int start_command(struct start *s, char *const *argv,
		  const char *const *names, size_t n, bool lasting,
		  const char *log, struct berth_error *err);

/*
 * The dialogue, until every node is ready or running.  -1: not all are, *err
 * tells of the first; those that are not START_READY or START_RUNNING then
 * have a text, and none was told to go unless all had said hello.
 */
int start_run(struct start *s, unsigned timeout_ms, struct berth_error *err);

size_t start_count(const struct start *s);
const struct start_node *start_node(const struct start *s, size_t i);

#endif
