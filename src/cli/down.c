/* down.c - `berth down`: end a Berth, with a broker or without one. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/leftover.h"
#include "cli/statedir.h"

struct down {
	struct api api;
	bool keep;
	char *dir;
	struct statedir_node *nodes;
	size_t count;
	int lock_fd;
};

static void pause_ms(unsigned ms)
{
	const struct timespec t = {.tv_sec = ms / 1000,
				   .tv_nsec = (ms % 1000) * 1000000L};

	nanosleep(&t, NULL);
}

/* Wait until no launcher answers; returns how many do at the end. */
static size_t wait_gone(const struct down *d, unsigned timeout_ms)
{
	size_t there = d->count;

	for (unsigned ms = 0; there > 0 && ms < timeout_ms; ms += 50) {
		there = 0;
		for (size_t i = 0; i < d->count; i++)
			there += leftover_answers(&d->nodes[i]);
		if (there > 0)
			pause_ms(50);
	}
	return there;
}

/* The broker's own way. */
static int ask_broker(struct down *d, struct berth_error *err)
{
	json_t *body = json_pack("{s:b}", "kill_tasks", !d->keep);
	int rc = api_open(&d->api, err);

	if (rc == 0)
		rc = api_call(&d->api, "POST", "/v1/shutdown", body, NULL,
			      10000, err);
	json_decref(body);
	return rc;
}

/* Without a broker: tell each launcher that answers. */
static size_t ask_launchers(struct down *d)
{
	char *secret = statedir_read(d->dir, "secret");
	char *name = statedir_read(d->dir, "name");
	size_t told = 0;

	for (size_t i = 0; secret && name && i < d->count; i++) {
		if (leftover_answers(&d->nodes[i]) &&
		    leftover_shutdown(&d->nodes[i], name, secret,
				      !d->keep) == 0)
			told++;
	}
	free(name);
	free(secret);
	return told;
}

/* Returns how many processes had to be ended here. */
static size_t end_leftovers(struct down *d)
{
	size_t n = 0;

	if (d->keep)
		return 0;
	for (size_t i = 0; i < d->count; i++) {
		if (d->nodes[i].folder[0] == '\0' ||
		    leftover_answers(&d->nodes[i]))
			continue;
		n += leftover_end(d->nodes[i].folder);
		leftover_tidy(d->nodes[i].folder);
	}
	return n;
}

static int verify(struct down *d, struct berth_error *err)
{
	for (size_t i = 0; i < d->count; i++) {
		if (leftover_answers(&d->nodes[i]))
			return error_set(err, BERTH_EUNAVAIL,
					 "the launcher of node %s at %s does "
					 "not end",
					 d->nodes[i].node,
					 d->nodes[i].address);
	}
	return 0;
}

static void forget(struct down *d)
{
	static const char *const names[] = {"contact", "nodes", "plan",
					    "token", "stuck"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		statedir_remove(d->dir, names[i]);
}

/* Returns 1 when there was nothing to end. */
static int end(struct down *d, struct berth_error *err)
{
	struct berth_error none;
	bool asked = ask_broker(d, &none) == 0;
	size_t ended;

	if (!asked && d->count == 0) {
		*err = none;
		return -1;
	}
	if (!asked || wait_gone(d, 12000) > 0) {
		ask_launchers(d);
		wait_gone(d, 12000);
	}
	ended = end_leftovers(d);
	if (verify(d, err))
		return -1;
	if (ended > 0)
		printf("%zu process%s that nobody looked after %s ended\n",
		       ended, ended == 1 ? "" : "es",
		       ended == 1 ? "was" : "were");
	forget(d);
	return 0;
}

int cmd_down(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth down [OPTIONS]",
		"End this Berth and the tasks that it runs.",
	};
	struct down d = {.lock_fd = -1};
	const struct opt table[] = {
		{"keep-tasks", OPT_FLAG, &d.keep, NULL,
		 "let tasks run on; the next berth up finds them"},
		{"dir", OPT_STRING, &d.api.dir, "DIR",
		 "the Berth's state directory"},
		{0},
	};
	struct berth_error err;
	int rest = opts_parse(table, &doc, 0, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest >= 0 && rest < argc) {
		error_set(&err, BERTH_EINPUT, "down: '%s' is one word too many",
			  argv[rest]);
	} else if (rest >= 0) {
		d.dir = contact_dir(d.api.dir);
		d.count = statedir_nodes(d.dir, &d.nodes);
		if (access(d.dir, F_OK) == 0) {
			d.lock_fd = statedir_lock(d.dir, &err);
			rc = d.lock_fd < 0 ? -1 : end(&d, &err);
		} else {
			rc = ask_broker(&d, &err);
		}
	}
	if (d.lock_fd >= 0)
		close(d.lock_fd);
	statedir_nodes_free(d.nodes, d.count);
	free(d.dir);
	api_close(&d.api);
	return rc == 0 ? 0 : cli_fail(&err);
}
