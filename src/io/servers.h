/*
 * servers.h - the addresses of a Berth's ranks, and which of them is asked
 * now.  Only the leader does what it is asked; the others say who that is, or
 * that there is none right now.
 */
#ifndef IO_SERVERS_H
#define IO_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

struct servers;

/* Addresses with blanks between; the first is asked first. */
struct servers *servers_create(const char *text);
void servers_destroy(struct servers *s);

size_t servers_count(const struct servers *s);
bool servers_knows(const struct servers *s, const char *uri);
const char *servers_now(const struct servers *s); /* "" when there is none */
/* It does not answer, or does not know who leads: the next one. */
void servers_next(struct servers *s);
/* It says who leads: ask that one. */
void servers_refer(struct servers *s, const char *uri);

#endif
