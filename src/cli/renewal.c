/* renewal.c - see renewal.h. */
#include "cli/renewal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/map.h"
#include "base/mem.h"

#define STEP_MS 50

static unsigned long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long)t.tv_sec * 1000 +
	       (unsigned long)t.tv_nsec / 1000000;
}

static void pause_step(void)
{
	const struct timespec t = {.tv_nsec = STEP_MS * 1000000L};

	nanosleep(&t, NULL);
}

static bool has_rank(const json_t *node)
{
	return strcmp(api_str(node, "state"), "up") == 0 ||
	       strcmp(api_str(node, "state"), "drained") == 0;
}

/* The next one that is to be replaced: the leader when no other is left. */
static const json_t *next_node(const struct census *c, const struct map *done)
{
	const json_t *node, *leader = NULL;
	size_t i;

	json_array_foreach(c->nodes, i, node) {
		const char *name = api_str(node, "name");

		if (!has_rank(node) || map_get(done, name))
			continue;
		if (strcmp(name, c->leader) != 0)
			return node;
		leader = node;
	}
	return leader;
}

/* Is another rank there, and has every node that had one a rank again? */
static bool is_back(const struct census *c, const char *name, long long before,
		    size_t nodes)
{
	const json_t *node = census_node(c, name);
	size_t n = 0, i;

	if (node == NULL || !has_rank(node) ||
	    api_int(node, "rank_since") == before ||
	    api_int(node, "rank_since") == 0)
		return false;
	json_array_foreach(c->nodes, i, node)
		n += has_rank(node);
	return n >= nodes;
}

static int order(const struct renewal *r, const char *name,
		 struct berth_error *err)
{
	char *path = mem_printf("/v1/nodes/%s/restart", name);
	json_t *body = json_pack("{s:s}", "program", r->program);
	int rc = api_call(r->api, "POST", path, body, NULL, 0, err);

	json_decref(body);
	free(path);
	return rc;
}

/* One node; *c is what the broker says when it is back. */
static int replace(const struct renewal *r, struct census *c, const char *name,
		   size_t nodes, struct berth_error *err)
{
	long long before = api_int(census_node(c, name), "rank_since");
	unsigned long begin = now_ms();

	if (order(r, name, err))
		return -1;
	do {
		if (now_ms() - begin > r->timeout_ms)
			return error_set(err, BERTH_EUNAVAIL,
					 "node %s did not begin anew within "
					 "%u s: see its log/launcher.log and "
					 "log/berthd.log; the nodes after it "
					 "are as they were", name,
					 r->timeout_ms / 1000);
		pause_step();
		census_take(c, r->api);
	} while (!is_back(c, name, before, nodes));
	if (!r->quiet)
		printf("node %s: version %s, after %.1f s\n", name,
		       api_str(census_node(c, name), "version"),
		       (double)(now_ms() - begin) / 1000);
	fflush(stdout);
	return 0;
}

static int tell_left(const struct census *c, const struct map *done,
		     struct berth_error *err)
{
	size_t left = 0, i;
	json_t *node;

	json_array_foreach(c->nodes, i, node) {
		if (map_get(done, api_str(node, "name")))
			continue;
		fprintf(stderr, "berth: node %s is %s: left as it is\n",
			api_str(node, "name"), api_str(node, "state"));
		left++;
	}
	if (left == 0)
		return 0;
	return error_set(err, BERTH_EUNAVAIL,
			 "%zu of %zu nodes did not begin anew; berth up starts "
			 "what is missing there", left,
			 json_array_size(c->nodes));
}

int renewal_run(const struct renewal *r, struct census *last,
		struct berth_error *err)
{
	struct map *done = map_create();
	const json_t *node;
	size_t nodes = 0, i;
	int rc = 0;

	json_array_foreach(last->nodes, i, node)
		nodes += has_rank(node);
	for (node = next_node(last, done); node && rc == 0;
	     node = next_node(last, done)) {
		char *name = mem_strdup(api_str(node, "name"));

		rc = replace(r, last, name, nodes, err);
		map_put(done, name, done);
		free(name);
	}
	if (rc == 0)
		rc = tell_left(last, done, err);
	map_destroy(done, NULL);
	return rc;
}
