/* servers.c - see servers.h. */
#include "io/servers.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct servers {
	char **uri;
	size_t count, now;
};

static size_t find(const struct servers *s, const char *uri)
{
	size_t i = 0;

	while (i < s->count && strcmp(s->uri[i], uri) != 0)
		i++;
	return i;
}

static size_t put(struct servers *s, const char *uri)
{
	size_t at = find(s, uri);

	if (at < s->count)
		return at;
	s->uri = mem_resize(s->uri, s->count + 1, sizeof(s->uri[0]));
	s->uri[s->count++] = mem_strdup(uri);
	return at;
}

static void clear(struct servers *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->uri[i]);
	s->count = s->now = 0;
}

static void put_all(struct servers *s, const char *text)
{
	char *copy = mem_strdup(text), *save = NULL;

	for (char *uri = strtok_r(copy, " ", &save); uri;
	     uri = strtok_r(NULL, " ", &save))
		put(s, uri);
	free(copy);
}

struct servers *servers_create(const char *text)
{
	struct servers *s = mem_alloc(sizeof(*s));

	put_all(s, text);
	return s;
}

void servers_destroy(struct servers *s)
{
	if (s == NULL)
		return;
	clear(s);
	free(s->uri);
	free(s);
}

size_t servers_count(const struct servers *s)
{
	return s->count;
}

bool servers_knows(const struct servers *s, const char *uri)
{
	return find(s, uri) < s->count;
}

const char *servers_now(const struct servers *s)
{
	return s->count > 0 ? s->uri[s->now] : "";
}

void servers_next(struct servers *s)
{
	if (s->count > 0)
		s->now = (s->now + 1) % s->count;
}

void servers_refer(struct servers *s, const char *uri)
{
	s->now = put(s, uri);
}
