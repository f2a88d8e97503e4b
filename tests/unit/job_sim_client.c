/*
 * job_sim_client.c - users: each job is submitted under a key of its own, at
 * any rank's door, until somebody says that it is accepted; some are cancelled
 * then, until somebody says so.  At the end every one of them is asked for.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "job_sim.h"

enum step { SUBMIT, CANCEL, WAIT, ASK, OVER };

struct job {
	struct sim_client *client;
	unsigned number;
	enum step step;
	uint64_t id;
	bool to_cancel;
	struct loop_timer *timer;
	/* the call */
	int fd;
	struct loop_fd *watch;
	struct buf answer;
};

struct sim_client {
	struct job *job;
	unsigned n;
	bool asking;
};

static void again(struct job *j)
{
	loop_timer_start(j->timer, 20000 + sim_chance(200000));
}

/* ---- answers ---- */

static void on_submitted(struct job *j, int status, json_t *body)
{
	uint64_t id = (uint64_t)json_integer_value(json_object_get(body, "id"));

	if (status != 201)
		return;
	world->out->answers++;
	for (unsigned i = 0; i < j->client->n; i++) {
		if (j->client->job[i].id == id)
			sim_fail("jobs %u and %u are both number %llu", i,
				 j->number, (unsigned long long)id);
	}
	sim_say("job %u is number %llu", j->number, (unsigned long long)id);
	j->id = id;
	j->step = j->to_cancel ? CANCEL : WAIT;
}

static void on_cancelled(struct job *j, int status)
{
	if (status == 404)
		sim_fail("job %llu, which is to be cancelled, is not known",
			 (unsigned long long)j->id);
	if (status != 202 && status != 409) /* 409: it had ended */
		return;
	world->out->answers++;
	j->step = WAIT;
}

static void on_asked(struct job *j, int status, json_t *body)
{
	const char *state = json_string_value(json_object_get(body, "state"));
	const char *outcome =
		json_string_value(json_object_get(body, "outcome"));

	if (status == 404)
		sim_fail("job %llu is lost", (unsigned long long)j->id);
	if (status != 200 || state == NULL || strcmp(state, "ended") != 0)
		return;
	j->step = OVER;
	/* A cancel without an answer may have killed it and be forgotten. */
	if (strcmp(outcome, "done") == 0 || j->to_cancel)
		return;
	sim_fail("job %llu has ended %s: %s", (unsigned long long)j->id,
		 outcome,
		 json_string_value(json_object_get(body, "text")));
}

static void on_answer(struct job *j)
{
	const char *text = j->answer.data ? j->answer.data : "";
	const char *body = strstr(text, "\r\n\r\n");
	json_t *v = body ? json_loads(body + 4, 0, NULL) : NULL;
	int status = 0;

	if (sscanf(text, "HTTP/1.1 %d", &status) == 1 && v) {
		if (j->step == SUBMIT)
			on_submitted(j, status, v);
		else if (j->step == CANCEL)
			on_cancelled(j, status);
		else if (j->step == ASK)
			on_asked(j, status, v);
	}
	json_decref(v);
}

/* ---- a call ---- */

static void hang_up(struct job *j)
{
	loop_fd_destroy(j->watch);
	j->watch = NULL;
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
	buf_finish(&j->answer);
}

static void on_ready(void *arg, int fd, unsigned events)
{
	struct job *j = arg;
	ssize_t n = read(fd, buf_reserve(&j->answer, 4096), 4096);

	if (n > 0) {
		j->answer.len += (size_t)n;
		j->answer.data[j->answer.len] = '\0';
		return;
	}
	on_answer(j);
	hang_up(j);
	if (j->step != OVER)
		again(j);
}

static void request(const struct job *j, struct buf *out)
{
	char body[200] = "";

	if (j->step == SUBMIT)
		snprintf(body, sizeof(body),
			 "{\"framework\": \"batch\", \"argv\": [\"x\"], "
			 "\"name\": \"%u\", \"options\": {%s}}", j->number,
			 j->number % 3 == 0 ? "\"array\": \"0-3\"" : "");
	buf_printf(out, "%s /v1/jobs",
		   j->step == SUBMIT ? "POST"
				     : j->step == CANCEL ? "DELETE" : "GET");
	if (j->step != SUBMIT)
		buf_printf(out, "/%llu", (unsigned long long)j->id);
	buf_printf(out,
		   " HTTP/1.1\r\nHost: berth\r\nAuthorization: Bearer %s\r\n"
		   "Idempotency-Key: key-%u\r\nConnection: close\r\n"
		   "Content-Length: %zu\r\n\r\n%s",
		   JOB_SIM_TOKEN, j->number, strlen(body), body);
}

static void call(struct job *j)
{
	struct sim_rank *r = &world->rank[sim_chance(world->n)];
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct buf text = {0};

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/api.sock", r->dir);
	j->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	request(j, &text);
	if (connect(j->fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    write(j->fd, text.data, text.len) != (ssize_t)text.len) {
		hang_up(j);
		again(j);
	} else {
		j->watch = loop_fd_create(world->loop, j->fd, LOOP_READ,
					  on_ready, j);
		/* An answer may never come. */
		loop_timer_start(j->timer, 20000000);
	}
	buf_finish(&text);
}

static void on_timer(void *arg)
{
	struct job *j = arg;

	if (j->watch)
		hang_up(j);
	if (j->step == WAIT && j->client->asking)
		j->step = ASK;
	if (j->step == SUBMIT || j->step == CANCEL || j->step == ASK)
		call(j);
	else if (j->step == WAIT)
		again(j);
}

/* ---- the whole ---- */

struct sim_client *sim_client_create(unsigned jobs)
{
	struct sim_client *c = mem_alloc(sizeof(*c));

	c->n = jobs;
	c->job = mem_array(jobs, sizeof(*c->job));
	for (unsigned i = 0; i < jobs; i++) {
		struct job *j = &c->job[i];

		j->client = c;
		j->number = i;
		j->fd = -1;
		j->to_cancel = sim_chance(8) == 0;
		j->timer = loop_timer_create(world->loop, on_timer, j);
		loop_timer_start(j->timer, sim_chance(8000000));
	}
	return c;
}

void sim_client_destroy(struct sim_client *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		hang_up(&c->job[i]);
		loop_timer_destroy(c->job[i].timer);
	}
	free(c->job);
	free(c);
}

void sim_client_ask(struct sim_client *c)
{
	c->asking = true;
}

bool sim_client_done(struct sim_client *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->job[i].step != OVER)
			return false;
	}
	return true;
}

void sim_client_check(struct sim_client *c)
{
	static const char *const why[] = {
		[SUBMIT] = "has not been accepted",
		[CANCEL] = "cannot be cancelled",
		[WAIT] = "cannot be asked for",
		[ASK] = "does not end",
	};

	for (unsigned i = 0; i < c->n; i++) {
		if (c->job[i].step != OVER)
			sim_fail("job %u, number %llu, %s", i,
				 (unsigned long long)c->job[i].id,
				 why[c->job[i].step]);
	}
}
