/* socket.h - listening sockets, for listener.c and http_server.c. */
#ifndef IO_SOCKET_H
#define IO_SOCKET_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"

/* A listening descriptor, non-blocking and close-on-exec, or -1; as stream.h
 * says of listener_unix and listener_tcp. */
int socket_listen_unix(const char *path, struct berth_error *err);
int socket_listen_tcp(const char *host, unsigned port, struct berth_error *err);

/* Port of a bound TCP socket, 0 of anything else. */
unsigned socket_port(int fd);

/* "1.2.3.4:567", "[::1]:567" or "unix". */
void socket_name_peer(const struct sockaddr *sa, socklen_t len, char *out,
		      size_t size);
#define SOCKET_PEER_MAX 80

#endif
