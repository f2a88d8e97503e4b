/* switch.c - see switch.h. */
#include "model/switch.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/mem.h"
#include "model/hostlist.h"

struct one {
	char *name, *below; /* below: names of switches, until they are known */
	unsigned line;
	int above;
};

struct switches {
	struct one *at;
	size_t count, room;
	struct map *names; /* to place + 1, as a pointer */
	struct map *nodes;
};

/* What one line says. */
struct line {
	const char *file;
	unsigned number;
	char *name, *nodes, *switches;
};

static int find(const struct map *m, const char *name)
{
	return (int)(intptr_t)map_get(m, name) - 1;
}

static void put(struct map *m, const char *name, size_t place)
{
	map_put(m, name, (void *)(intptr_t)(place + 1));
}

#define WRONG(line_, ...)                                                      \
	(error_set(err, BERTH_EINPUT, __VA_ARGS__),                            \
	 error_prefix(err, "%s:%u", (line_)->file, (line_)->number))

/* ---- one line ---- */

static int set(struct line *l, char *word, struct berth_error *err)
{
	char *value = strchr(word, '=');
	char **to = NULL;

	if (value == NULL)
		return WRONG(l, "\"%.40s\": KEYWORD=VALUE is expected", word);
	*value++ = '\0';
	if (strcasecmp(word, "SwitchName") == 0)
		to = &l->name;
	else if (strcasecmp(word, "Nodes") == 0)
		to = &l->nodes;
	else if (strcasecmp(word, "Switches") == 0)
		to = &l->switches;
	else if (strcasecmp(word, "LinkSpeed") == 0)
		return 0;
	if (to == NULL)
		return WRONG(l, "\"%.40s\" is not known; there are SwitchName, "
			     "Nodes, Switches, LinkSpeed", word);
	if (*to != NULL || *value == '\0')
		return WRONG(l, "%.40s is %s", word,
			     *value == '\0' ? "empty" : "said twice");
	*to = value;
	return 0;
}

static int add_nodes(struct switches *s, const struct line *l, size_t place,
		     struct berth_error *err)
{
	size_t count;
	char **name = hostlist_expand(l->nodes, &count, err);
	int rc = name != NULL ? 0 : -1;

	if (name == NULL)
		return error_prefix(err, "%s:%u: Nodes", l->file, l->number);
	for (size_t i = 0; i < count && rc == 0; i++) {
		int has = find(s->nodes, name[i]);

		if (has >= 0)
			rc = WRONG(l, "node %.60s is on switch %.60s already: "
				   "name it once", name[i], s->at[has].name);
		else
			put(s->nodes, name[i], place);
	}
	mem_strv_free(name);
	return rc;
}

static int add(struct switches *s, const struct line *l,
	       struct berth_error *err)
{
	struct one *o;

	if (l->name == NULL)
		return WRONG(l, "SwitchName= is missing");
	if ((l->nodes == NULL) == (l->switches == NULL))
		return WRONG(l, "switch %.60s: say Nodes= or Switches=, one of "
			     "them", l->name);
	if (find(s->names, l->name) >= 0)
		return WRONG(l, "switch %.60s is described in line %u already",
			     l->name, s->at[find(s->names, l->name)].line);
	if (s->count == s->room) {
		s->room = s->room > 0 ? 2 * s->room : 16;
		s->at = mem_resize(s->at, s->room, sizeof(*s->at));
	}
	o = &s->at[s->count];
	*o = (struct one){
		.name = mem_strdup(l->name),
		.below = mem_strdup(l->switches),
		.line = l->number,
		.above = -1,
	};
	put(s->names, l->name, s->count++);
	return l->nodes != NULL ? add_nodes(s, l, s->count - 1, err) : 0;
}

static int read_line(struct switches *s, char *text, struct line *l,
		     struct berth_error *err)
{
	char *save = NULL, *word;

	l->name = l->nodes = l->switches = NULL;
	text[strcspn(text, "#")] = '\0';
	word = strtok_r(text, " \t\r", &save);
	if (word == NULL)
		return 0;
	for (; word != NULL; word = strtok_r(NULL, " \t\r", &save)) {
		if (set(l, word, err) != 0)
			return -1;
	}
	return add(s, l, err);
}

/* ---- the whole ---- */

/* The end of the line that begins at p; those that are joined are made one.
 * *lines: how many. */
static char *join(char *p, unsigned *lines)
{
	for (*lines = 1;; (*lines)++) {
		char *end = p + strcspn(p, "\n");
		char *last = end > p && end[-1] == '\r' ? end - 1 : end;

		if (*end == '\0' || last == p || last[-1] != '\\')
			return end;
		memset(last - 1, ' ', (size_t)(end - last) + 2);
		p = end + 1;
	}
}

static int link_below(struct switches *s, size_t place, const char *file,
		      struct berth_error *err)
{
	struct line l = {.file = file, .number = s->at[place].line};
	size_t count;
	char **name = hostlist_expand(s->at[place].below, &count, err);
	int rc = 0;

	if (name == NULL)
		return error_prefix(err, "%s:%u: Switches", file, l.number);
	for (size_t i = 0; i < count && rc == 0; i++) {
		int sw = find(s->names, name[i]), up = (int)place;

		if (sw < 0) {
			rc = WRONG(&l, "no line describes switch %.60s",
				   name[i]);
			break;
		}
		if (s->at[sw].above >= 0)
			rc = WRONG(&l, "switch %.60s is below %.60s already; "
				   "only trees are understood", name[i],
				   s->at[s->at[sw].above].name);
		while (up >= 0 && up != sw)
			up = s->at[up].above;
		if (rc == 0 && up == sw)
			rc = WRONG(&l, "switch %.60s would be below itself",
				   name[i]);
		if (rc == 0)
			s->at[sw].above = (int)place;
	}
	mem_strv_free(name);
	return rc;
}

struct switches *switches_parse(const char *text, const char *file,
				struct berth_error *err)
{
	struct switches *s = mem_alloc(sizeof(*s));
	struct line l = {.file = file, .number = 1};
	char *copy = mem_strdup(text), *p = copy;
	unsigned lines;
	int rc = 0;

	s->names = map_create();
	s->nodes = map_create();
	while (rc == 0 && *p != '\0') {
		char *end = join(p, &lines);
		bool more = *end != '\0';

		*end = '\0';
		rc = read_line(s, p, &l, err);
		l.number += lines;
		p = more ? end + 1 : end;
	}
	for (size_t i = 0; rc == 0 && i < s->count; i++) {
		if (s->at[i].below != NULL)
			rc = link_below(s, i, file, err);
	}
	free(copy);
	if (rc == 0)
		return s;
	switches_destroy(s);
	return NULL;
}

void switches_destroy(struct switches *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++) {
		free(s->at[i].name);
		free(s->at[i].below);
	}
	free(s->at);
	map_destroy(s->names, NULL);
	map_destroy(s->nodes, NULL);
	free(s);
}

size_t switches_count(const struct switches *s)
{
	return s->count;
}

int switches_of(const struct switches *s, const char *node)
{
	return find(s->nodes, node);
}

int switches_above(const struct switches *s, int sw)
{
	return s->at[sw].above;
}

const char *switches_name(const struct switches *s, int sw)
{
	return s->at[sw].name;
}
