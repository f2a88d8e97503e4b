#include "broker/submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "base/rand.h"
#include "broker/api.h"
#include "broker/json_decode.h"
#include "broker/json_spec.h"

/* Who had no answer repeats the request with the same key. */
#define KEY_HEADER "Idempotency-Key"
/* How long a submit waits for its framework. */
#define PATIENCE_US (15u * 1000000)

struct parked {
	TAILQ_ENTRY(parked) entry;
	struct submits *all;
	struct http_request *req;
	struct job_spec *spec;
	struct loop_timer *timer;
};

struct submits {
	struct loop *loop;
	struct book *book;
	struct jobs *jobs;
	struct hosts *hosts;
	size_t max_jobs;
	struct loop_timer *wake;
	struct commit *commit;
	TAILQ_HEAD(, parked) parked;
	TAILQ_HEAD(, asked) asked;
};

static void parked_destroy(struct parked *p)
{
	TAILQ_REMOVE(&p->all->parked, p, entry);
	loop_timer_destroy(p->timer);
	json_spec_destroy(p->spec);
	free(p);
}

static void on_left(void *arg)
{
	parked_destroy(arg);
}

/* Is the framework's host being started, though it has not registered yet? */
static bool expected(const struct submits *s, const char *framework)
{
	return hosts_has(s->hosts, framework) &&
	       ledger_framework(book_ledger(s->book), framework) == NULL;
}

static void reply_id(struct http_request *req, uint64_t id)
{
	api_reply(req, 201, json_pack("{s:I}", "id", (json_int_t)id));
}

/* ---- those that are being agreed on ------------------------------------- */

struct asked {
	TAILQ_ENTRY(asked) entry;
	struct submits *all;
	struct http_request *req; /* NULL: nobody waits for the answer */
	struct job_spec *spec;
	char key[65];
};

static void asked_destroy(struct asked *a)
{
	TAILQ_REMOVE(&a->all->asked, a, entry);
	json_spec_destroy(a->spec);
	free(a);
}

static void on_asker_left(void *arg)
{
	struct asked *a = arg;

	a->req = NULL;
}

/* It was accepted but cannot be: its framework has gone meanwhile. */
static void put_refused(struct submits *s, uint64_t id, const char *text)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordEnd end = BERTH__RECORD_END__INIT;

	end.job = id;
	end.outcome = JOB_LOST;
	end.exit_code = 1;
	end.text = (char *)text;
	end.ended_us = book_now();
	c.what_case = BERTH__RECORD_CHANGE__WHAT_ENDED;
	c.ended = &end;
	commit_put(s->commit, &c);
}

static void on_committed(void *arg, const struct berth_error *failed)
{
	struct asked *a = arg;
	struct submits *s = a->all;
	struct http_request *req = a->req;
	struct berth_error err = {0};
	uint64_t id = 0;
	int rc = -1;

	if (failed != NULL) {
		err = *failed;
	} else {
		id = records_keyed(commit_records(s->commit), a->key);
		rc = 0;
		/* Two requests of one key are one job. */
		if (ledger_job(book_ledger(s->book), id) == NULL) {
			rc = jobs_submit(s->jobs, id, a->spec, &err);
			a->spec = NULL;
		}
		if (rc != 0)
			put_refused(s, id, err.text);
	}
	asked_destroy(a);
	if (req == NULL)
		return;
	http_on_close(req, NULL, NULL);
	if (rc == 0)
		reply_id(req, id);
	else if (failed != NULL && failed->code == BERTH_EUNAVAIL)
		api_reply_ending(req);
	else
		http_reply_error(req, &err);
}

/* Could the ledger take it?  Better asked before it is written down. */
static int check_framework(const struct submits *s,
			   const struct job_spec *spec,
			   struct berth_error *err)
{
	const struct framework *f = ledger_framework(book_ledger(s->book),
						     spec->framework);

	if (f == NULL)
		return error_set(err, BERTH_ENOTFOUND,
				 "no framework \"%.64s\"",
				 spec->framework);
	if (f->gone)
		return error_set(err, BERTH_EUNAVAIL, "framework %s is gone",
				 f->name);
	return 0;
}

/* true: answered, its framework has as many jobs as it may. */
static bool too_many(const struct submits *s, struct http_request *req,
		     const char *framework)
{
	const struct framework *f = ledger_framework(book_ledger(s->book),
						     framework);
	struct berth_error err;

	if (f == NULL || f->njobs < s->max_jobs)
		return false;
	error_set(&err, BERTH_ELIMIT, "framework %s has %zu jobs that have not "
		  "ended: no more until some have", f->name, f->njobs);
	http_reply_header(req, "Retry-After", "10");
	api_reply_status(req, 429, &err);
	return true;
}

/* Takes spec over and answers. */
static void submit_now(struct submits *s, struct http_request *req,
		       struct job_spec *spec)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	const char *key = http_header(req, KEY_HEADER);
	struct berth_error err = {0};
	struct asked *a;

	if (check_framework(s, spec, &err) != 0) {
		json_spec_destroy(spec);
		http_reply_error(req, &err);
		return;
	}
	if (too_many(s, req, spec->framework)) {
		json_spec_destroy(spec);
		return;
	}
	a = mem_alloc(sizeof(*a));
	a->all = s;
	a->req = req;
	a->spec = spec;
	if (key != NULL && key[0] != '\0')
		snprintf(a->key, sizeof(a->key), "%s", key);
	else
		rand_secret_hex(a->key, 16);
	TAILQ_INSERT_TAIL(&s->asked, a, entry);
	http_on_close(req, on_asker_left, a);
	c.what_case = BERTH__RECORD_CHANGE__WHAT_JOB;
	c.job = jobs_record(s->jobs, spec, a->key);
	commit_ask(s->commit, &c, on_committed, a);
	berth__record_job__free_unpacked(c.job, NULL);
}

/* ---- those that wait for their framework --------------------------------- */

static void on_patience(void *arg)
{
	struct parked *p = arg;
	struct http_request *req = p->req;
	struct berth_error err = {0};

	error_set(&err, BERTH_EUNAVAIL,
		  "framework %s has not come up yet; its log is "
		  "log/framework-%s.log in the folder of node %s",
		  p->spec->framework, p->spec->framework,
		  hosts_node(p->all->hosts));
	parked_destroy(p);
	http_reply_error(req, &err);
}

static void on_wake(void *arg)
{
	struct submits *s = arg;
	struct parked *p, *next;

	for (p = TAILQ_FIRST(&s->parked); p != NULL; p = next) {
		struct http_request *req = p->req;
		struct job_spec *spec = p->spec;

		next = TAILQ_NEXT(p, entry);
		if (expected(s, spec->framework))
			continue;
		p->spec = NULL;
		parked_destroy(p);
		submit_now(s, req, spec);
	}
}

void submits_event(void *submits, const struct event *ev)
{
	struct submits *s = submits;

	if (ev->type == EVENT_FRAMEWORK_REGISTERED &&
	    !TAILQ_EMPTY(&s->parked) &&
	    !loop_timer_pending(s->wake))
		loop_timer_start(s->wake, 0);
}

static void park(struct submits *s, struct http_request *req,
		 struct job_spec *spec)
{
	struct parked *p = mem_alloc(sizeof(*p));

	p->all = s;
	p->req = req;
	p->spec = spec;
	p->timer = loop_timer_create(s->loop, on_patience, p);
	loop_timer_start(p->timer, PATIENCE_US);
	TAILQ_INSERT_TAIL(&s->parked, p, entry);
	http_on_close(req, on_left, p);
}

static void drop_prefix(char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(text, prefix, n) == 0)
		memmove(text, text + n, strlen(text + n) + 1);
}

/* One unit of it must fit some node, or it would wait for ever.  The text
 * names the members of the spec, not the demand that was made up here. */
static int check_possible(const struct submits *s,
			  const struct job_spec *spec,
			  struct berth_error *err)
{
	struct demand *d = json_spec_unit(spec, err);
	int rc;

	if (d == NULL)
		return -1;
	rc = ledger_demand_possible(book_ledger(s->book), d, err);
	if (rc != 0)
		drop_prefix(err->text, "demand submit: ");
	demand_destroy(d);
	return rc;
}

/* true: answered, since the key is none or its job was accepted before. */
static bool known_key(struct submits *s, struct http_request *req)
{
	const char *key = http_header(req, KEY_HEADER);
	struct berth_error err;
	uint64_t id;

	if (key == NULL)
		return false;
	if (!json_is_name(key)) {
		error_set(&err, BERTH_EINPUT, KEY_HEADER ": 1 to 64 of A-Z a-z "
			  "0-9 . _ - are wanted");
		http_reply_error(req, &err);
		return true;
	}
	id = records_keyed(commit_records(s->commit), key);
	if (id != 0)
		reply_id(req, id);
	return id != 0;
}

void submits_post(void *submits, struct http_request *req, const char *name)
{
	struct submits *s = submits;
	struct berth_error err = {0};
	struct job_spec *spec;
	json_t *body;

	if (known_key(s, req))
		return;
	body = api_body(req);
	if (body == NULL)
		return;
	spec = json_spec_decode(body, &err);
	if (spec == NULL || check_possible(s, spec, &err) != 0) {
		json_spec_destroy(spec);
		http_reply_error(req, &err);
	} else if (expected(s, spec->framework)) {
		park(s, req, spec);
	} else {
		submit_now(s, req, spec);
	}
}

struct submits *submits_create(struct loop *loop, struct book *book,
			       struct jobs *jobs, struct hosts *hosts,
			       struct commit *commit,
			       size_t max_jobs)
{
	struct submits *s = mem_alloc(sizeof(*s));

	s->loop = loop;
	s->book = book;
	s->jobs = jobs;
	s->max_jobs = max_jobs;
	s->hosts = hosts;
	s->commit = commit;
	s->wake = loop_timer_create(loop, on_wake, s);
	TAILQ_INIT(&s->parked);
	TAILQ_INIT(&s->asked);
	return s;
}

void submits_destroy(struct submits *s)
{
	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->parked)) {
		struct http_request *req = TAILQ_FIRST(&s->parked)->req;

		parked_destroy(TAILQ_FIRST(&s->parked));
		api_reply_ending(req);
	}
	while (!TAILQ_EMPTY(&s->asked)) {
		struct asked *a = TAILQ_FIRST(&s->asked);
		struct http_request *req = a->req;

		asked_destroy(a);
		if (req != NULL)
			api_reply_ending(req);
	}
	loop_timer_destroy(s->wake);
	free(s);
}
