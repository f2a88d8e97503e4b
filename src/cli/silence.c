/* silence.c - see silence.h. */
#include "cli/silence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/statedir.h"

#define TAIL_LINES 5

/* The last lines of a log that lies here, indented. */
static void print_tail(const char *path)
{
	char *text = statedir_read(NULL, path);
	size_t at = text ? strlen(text) : 0;
	int lines = 0;

	if (text == NULL)
		return;
	while (at > 0 && (text[at - 1] != '\n' || ++lines < TAIL_LINES))
		at--;
	fprintf(stderr, "  the end of %s:\n", path);
	for (char *l = text + at; *l;) {
		size_t n = strcspn(l, "\n");

		fprintf(stderr, "    %.*s\n", (int)n, l);
		l += n + (l[n] == '\n');
	}
	free(text);
}

void silence_explain(const char *dir, const struct census *census)
{
	struct statedir_node *nodes;
	size_t n = statedir_nodes(dir, &nodes), missing = 0;

	for (size_t i = 0; i < n; i++) {
		char *log;

		if (census_up(census, nodes[i].node))
			continue;
		fprintf(stderr, "berth: the rank of node %s is not up\n",
			nodes[i].node);
		/* One log says enough when none is up. */
		if (nodes[i].folder[0] && (missing++ == 0 || census->there)) {
			log = mem_printf("%s/log/berthd.log",
					 nodes[i].folder);
			print_tail(log);
			free(log);
		}
	}
	statedir_nodes_free(nodes, n);
}

bool silence_final(const char *dir, char *why, size_t size)
{
	struct statedir_node *nodes;
	size_t n = statedir_nodes(dir, &nodes);
	bool found = false;

	for (size_t i = 0; i < n && !found; i++) {
		char *path = mem_printf("%s/log/berthd.log", nodes[i].folder);
		char *text = nodes[i].folder[0] ? statedir_read(NULL, path)
						: NULL;
		char *last = text ? strrchr(text, '\n') : NULL;

		last = last ? last + 1 : text;
		if (last && strncmp(last, "berthd: ", 8) == 0) {
			snprintf(why, size, "%s", last + 8);
			found = true;
		}
		free(text);
		free(path);
	}
	statedir_nodes_free(nodes, n);
	return found;
}
