/*
 * net_conn.h - the TCP connections of the MPI library that lead to one peer:
 * found when they come to be, looked at before each send.
 *
 * Open MPI 4.1 says nothing when a peer's connection closes, and what is sent
 * afterwards, or was still waiting for room in the socket, ends this process
 * or locks it up.  So it is we who look: a peer whose connection is closed is
 * not sent to any more and counts as gone, and no more is handed to the
 * library than the socket takes at once.
 *
 * Whose a connection is: the library opens it inside a send to the peer, so
 * the side that connects knows (conn_probe, conn_found), and tells the other
 * side its address of it (conn_name there, conn_named here).
 */
#ifndef BROKER_NET_CONN_H
#define BROKER_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CONN_MAX = 8, CONN_NAME = 64 };

struct conns {
	struct {
		int fd;
		ino_t inode;
	} at[CONN_MAX];
	size_t n;
};

/* Remember what number the next descriptor will have: before a send. */
int conn_probe(void);
/* Has a connection come to be there since?  Then it is added, true. */
bool conn_found(struct conns *c, int probe);
/* Our address of the last one that was added: "10.0.0.1:4711". */
bool conn_name(const struct conns *c, char name[CONN_NAME]);
/* Add the connection whose other side has that address. */
bool conn_named(struct conns *c, const char *name);

enum conn_state {
	CONN_UNKNOWN, /* none has been found (yet) */
	CONN_OPEN,
	CONN_CLOSED, /* and all that came by it has been read */
};
/* Closed ones are forgotten, if there is another one. */
enum conn_state conn_state(struct conns *c);
/* Does a transfer of len bytes go into the socket's buffer at once? */
bool conn_room(const struct conns *c, size_t len);

#endif
