/* top.c - `berth top`: nodes, slices and jobs, live. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/mark.h"

enum { JOB_ROWS = 15, BAR_MAX = 64 };

struct top {
	struct api api;
	bool once;
	long long interval_ms;
	struct opt_list until;
	bool screen; /* standard output is a terminal */
	struct termios before;
	bool raw;
};

/* ---- drawing ---- */

static void draw_head(struct buf *out, const json_t *status)
{
	long long s = api_int(status, "uptime_ms") / 1000;

	buf_printf(out,
		   "Berth %s   leader %s   policy %s   up %lld:%02lld:%02lld\n",
		   api_str(status, "berth"), api_str(status, "leader"),
		   api_str(status, "policy"), s / 3600, s / 60 % 60, s % 60);
}

/* A node's cores as a bar, a mark a core; a large node is scaled down. */
static void draw_bar(struct buf *out, const json_t *node, const json_t *slices,
		     bool colour)
{
	long long cores = api_int(node, "cores");
	long long per = cores > BAR_MAX ? (cores + BAR_MAX - 1) / BAR_MAX : 1;
	long long drawn = 0, width = (cores + per - 1) / per;
	const char *name = api_str(node, "name");
	const json_t *s;
	size_t i;

	buf_puts(out, "[");
	json_array_foreach(slices, i, s) {
		long long n = (api_int(s, "cores") + per - 1) / per;

		if (strcmp(api_str(s, "node"), name) != 0)
			continue;
		if (n > width - drawn)
			n = width - drawn;
		mark_cores(out, api_int(s, "job"), api_str(s, "state"), (int)n,
			   colour);
		drawn += n;
	}
	if (drawn < width)
		mark_cores(out, 0, NULL, (int)(width - drawn), colour);
	buf_puts(out, "]");
}

static void draw_nodes(struct buf *out, const json_t *nodes,
		       const json_t *slices, bool colour)
{
	const json_t *n, *free_part;
	size_t i;

	buf_printf(out, "\n%-16s %-8s %5s %9s %5s %5s  %s\n", "NODE", "STATE",
		   "CORES", "FREE MIB", "GPUS", "TASKS", "CORES IN USE");
	json_array_foreach(nodes, i, n) {
		free_part = json_object_get(n, "free");
		buf_printf(out, "%-16s %-8s %5lld %9lld %5zu %5lld  ",
			   api_str(n, "name"), api_str(n, "state"),
			   api_int(n, "cores"),
			   api_int(free_part, "memory_mib"),
			   json_array_size(json_object_get(n, "gpus")),
			   api_int(n, "tasks"));
		draw_bar(out, n, slices, colour);
		buf_puts(out, "\n");
	}
}

static void draw_job(struct buf *out, const json_t *j, bool colour)
{
	const json_t *t = json_object_get(j, "tasks");
	bool ended = strcmp(api_str(j, "state"), "ended") == 0;

	buf_puts(out, "  ");
	mark_job(out, api_int(j, "id"), colour);
	buf_printf(out, " %7lld %-16.16s %-10.10s %-10s %7lld %7lld %6lld %7lld\n",
		   api_int(j, "id"), api_str(j, "name"), api_str(j, "framework"),
		   ended ? api_str(j, "outcome") : api_str(j, "state"),
		   api_int(t, "total"), api_int(t, "running"),
		   api_int(t, "done"), api_int(t, "failed"));
}

/* The newest jobs, those that have not ended first. */
static void draw_jobs(struct buf *out, const json_t *jobs, bool colour)
{
	size_t n = json_array_size(jobs), rows = 0;

	buf_printf(out, "\n    %7s %-16s %-10s %-10s %7s %7s %6s %7s\n", "JOB",
		   "NAME", "FRAMEWORK", "STATE", "TASKS", "RUNNING", "DONE",
		   "FAILED");
	for (int ended = 0; ended < 2; ended++)
		for (size_t i = n; i > 0 && rows < JOB_ROWS; i--) {
			const json_t *j = json_array_get(jobs, i - 1);

			if ((strcmp(api_str(j, "state"), "ended") == 0) !=
			    ended)
				continue;
			draw_job(out, j, colour);
			rows++;
		}
}

static int top_frame(struct top *t, struct buf *out, struct berth_error *err)
{
	json_t *status = NULL, *nodes = NULL, *slices = NULL, *jobs = NULL;
	int rc = -1;

	if (api_get(&t->api, "/v1/status", &status, err) != 0 ||
	    api_get(&t->api, "/v1/nodes", &nodes, err) != 0 ||
	    api_get(&t->api, "/v1/slices", &slices, err) != 0 ||
	    api_get(&t->api, "/v1/jobs?limit=200", &jobs, err) != 0)
		goto out;
	if (t->api.json) {
		json_t *all = json_pack("{s:O,s:O,s:O,s:O}", "status", status,
					"nodes", json_object_get(nodes, "nodes"),
					"slices",
					json_object_get(slices, "slices"),
					"jobs", json_object_get(jobs, "jobs"));
		char *text = json_dumps(all, JSON_COMPACT);

		buf_printf(out, "%s\n", text);
		free(text);
		json_decref(all);
	} else {
		draw_head(out, status);
		draw_nodes(out, json_object_get(nodes, "nodes"),
			   json_object_get(slices, "slices"), t->screen);
		draw_jobs(out, json_object_get(jobs, "jobs"), t->screen);
	}
	rc = 0;
out:
	json_decref(status);
	json_decref(nodes);
	json_decref(slices);
	json_decref(jobs);
	return rc;
}

/* ---- the terminal ---- */

static void screen_begin(struct top *t)
{
	struct termios raw;

	if (t->screen && isatty(STDIN_FILENO) &&
	    tcgetattr(STDIN_FILENO, &t->before) == 0) {
		raw = t->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		t->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
}

static void screen_end(struct top *t)
{
	if (t->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
}

static void screen_show(struct top *t, const struct buf *frame)
{
	/* Home, each line cleared to its end, then the rest of the screen. */
	if (t->screen) {
		fputs("\033[H", stdout);
		for (size_t i = 0; i < frame->len; i++) {
			if (frame->data[i] == '\n')
				fputs("\033[K", stdout);
			putchar(frame->data[i]);
		}
		fputs("\033[J", stdout);
	} else {
		fwrite(frame->data, 1, frame->len, stdout);
		if (!t->once && !t->api.json)
			putchar('\n');
	}
	fflush(stdout);
}

/* Wait for the next frame; true when the user wants to leave. */
static bool screen_wait(struct top *t)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char key;
	int n = poll(&p, t->raw ? 1 : 0, (int)t->interval_ms);

	if (n < 0)
		return true; /* a signal */
	if (n == 0)
		return false;
	return read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q';
}

/* ---- the command ---- */

/* 1 when every job of --until-done has ended, 0 when not. */
static int top_done(struct top *t, struct berth_error *err)
{
	char path[64];
	json_t *job;
	bool ended = true;
	long long id;

	if (t->until.count == 0)
		return 0;
	for (size_t i = 0; i < t->until.count && ended; i++) {
		if (api_job_id(t->until.items[i], &id, NULL, err) != 0)
			return -1;
		snprintf(path, sizeof(path), "/v1/jobs/%lld", id);
		if (api_get(&t->api, path, &job, err) != 0)
			return -1;
		ended = strcmp(api_str(job, "state"), "ended") == 0;
		json_decref(job);
	}
	return ended;
}

static int top_loop(struct top *t, struct berth_error *err)
{
	struct buf frame;
	int done = 0, rc = -1;

	buf_init(&frame);
	if (t->screen && !t->once)
		fputs("\033[2J", stdout);
	for (;;) {
		done = top_done(t, err);
		buf_clear(&frame);
		if (done < 0 || top_frame(t, &frame, err) != 0)
			goto out;
		screen_show(t, &frame);
		if (done || t->once || screen_wait(t))
			break;
	}
	rc = 0;
out:
	buf_finish(&frame);
	return rc;
}

static void on_signal(int signo)
{
}

int cmd_top(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth top [OPTIONS]",
		"Nodes, slices and jobs, live; q leaves.  Where standard "
		"output is no terminal, one picture after the other.",
	};
	struct top t = {.interval_ms = 0};
	const struct opt table[] = {
		{"once,1", OPT_FLAG, &t.once, NULL, "one picture, then leave"},
		{"interval,i", OPT_TIME, &t.interval_ms, "TIME",
		 "between pictures (1s)"},
		{"until-done", OPT_LIST, &t.until, "JOB",
		 "leave when this job has ended; may be given again"},
		API_OPTS(&t.api),
		{0},
	};
	struct sigaction sa = {.sa_handler = on_signal};
	struct berth_error err;
	int rest = opts_parse(table, &doc, 0, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0 || api_open(&t.api, &err) != 0)
		goto out;
	t.screen = isatty(STDOUT_FILENO) && !t.api.json;
	if (t.interval_ms == 0)
		t.interval_ms = 1000;
	/* Without SA_RESTART, so that a signal ends the wait. */
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	screen_begin(&t);
	rc = top_loop(&t, &err);
	screen_end(&t);
out:
	free(t.until.items);
	api_close(&t.api);
	return rc == 0 ? 0 : cli_fail(&err);
}
