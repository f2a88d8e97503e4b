/* census.c - see census.h. */
#include "cli/census.h"

#include <stdio.h>
#include <string.h>

/* A leader that does not answer in that time is asked again. */
#define ANSWER_MS 3000

void census_finish(struct census *c)
{
	json_decref(c->nodes);
	memset(c, 0, sizeof *c);
}

/* Its rank is up; a person may have drained it. */
static bool is_up(const json_t *node)
{
	const char *state = api_str(node, "state");

	return strcmp(state, "up") == 0 || strcmp(state, "drained") == 0;
}

void census_take(struct census *c, struct api *api)
{
	json_t *root = NULL, *node;
	struct berth_error err;
	size_t i;

	census_finish(c);
	if (api_open(api, &err) == 0 &&
	    api_call(api, "GET", "/v1/nodes", NULL, &root, ANSWER_MS, &err) ==
		    0) {
		c->there = true;
		c->nodes = json_incref(json_object_get(root, "nodes"));
		json_array_foreach(c->nodes, i, node) {
			c->up += is_up(node);
			if (json_is_true(json_object_get(node, "leader")))
				snprintf(c->leader, sizeof c->leader, "%s",
					 api_str(node, "name"));
		}
	}
	json_decref(root);
	if (!c->there)
		api_close(api);
}

const json_t *census_node(const struct census *c, const char *name)
{
	json_t *node;
	size_t i;

	json_array_foreach(c->nodes, i, node) {
		if (strcmp(api_str(node, "name"), name) == 0)
			return node;
	}
	return NULL;
}

bool census_up(const struct census *c, const char *name)
{
	const json_t *node = census_node(c, name);

	return node && is_up(node);
}
