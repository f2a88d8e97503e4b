/* agreed.c - see agreed.h. */
#include "broker/agreed.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "broker/api.h"

struct asked {
	TAILQ_ENTRY(asked) entry;
	struct agreed *all;
	struct http_request *req; /* NULL: it has left */
	agreed_f done;
	void *arg, *data;
	void (*drop)(void *data);
};

struct agreed {
	struct commit *commit;
	TAILQ_HEAD(, asked) asked;
};

static void on_left(void *arg)
{
	struct asked *q = arg;

	q->req = NULL;
}

static void asked_destroy(struct asked *q)
{
	TAILQ_REMOVE(&q->all->asked, q, entry);
	q->drop(q->data);
	free(q);
}

static void on_committed(void *arg, const struct berth_error *failed)
{
	struct asked *q = arg;
	struct http_request *req = q->req;
	struct berth_error err;

	if (req != NULL)
		http_on_close(req, NULL, NULL);
	if (failed == NULL) {
		q->done(q->arg, q->data, req);
	} else if (req != NULL && failed->code == BERTH_EUNAVAIL) {
		api_reply_ending(req);
	} else if (req != NULL) {
		err = *failed;
		http_reply_error(req, &err);
	}
	asked_destroy(q);
}

void agreed_ask(struct agreed *a, struct http_request *req,
		Berth__RecordChange *change, agreed_f done, void *arg,
		void *data, void (*drop)(void *data))
{
	struct asked *q = mem_alloc(sizeof(*q));

	*q = (struct asked){
		.all = a,
		.req = req,
		.done = done,
		.arg = arg,
		.data = data,
		.drop = drop,
	};
	TAILQ_INSERT_TAIL(&a->asked, q, entry);
	http_on_close(req, on_left, q);
	commit_ask(a->commit, change, on_committed, q);
}

struct agreed *agreed_create(struct commit *commit)
{
	struct agreed *a = mem_alloc(sizeof(*a));

	a->commit = commit;
	TAILQ_INIT(&a->asked);
	return a;
}

void agreed_destroy(struct agreed *a)
{
	struct http_request *req;

	if (a == NULL)
		return;
	while (!TAILQ_EMPTY(&a->asked)) {
		req = TAILQ_FIRST(&a->asked)->req;
		asked_destroy(TAILQ_FIRST(&a->asked));
		if (req != NULL)
			api_reply_ending(req);
	}
	free(a);
}
