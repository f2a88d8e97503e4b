/* events.c - `berth events`: the ledger's events as they happen, a JSON
 * object a line. */
#include <signal.h>
#include <stdio.h>

#include "cli/api.h"
#include "cli/cli.h"
#include "io/http.h"

struct follow {
	struct loop *loop;
	struct api *api;
	bool elsewhere; /* another rank is to be asked */
	struct berth_error *err;
	int rc;
};

static void on_data(void *arg, const char *data, size_t len)
{
	fwrite(data, 1, len, stdout);
	fflush(stdout);
}

static void on_done(void *arg, int status, const char *body, size_t len,
		    const struct berth_error *err)
{
	struct follow *f = arg;

	if (status == 0)
		*f->err = *err;
	else if (api_elsewhere(f->api, status, body))
		f->elsewhere = true;
	else if (status >= 300)
		api_refusal(f->api, status, body, f->err);
	f->rc = status == 0 || status >= 300 ? -1 : 0;
	loop_stop(f->loop);
}

static void on_signal(void *arg, int signo)
{
	struct follow *f = arg;

	f->rc = 0;
	loop_stop(f->loop);
}

/* At one rank; *elsewhere: it does not lead, ask again. */
static int follow_events(struct api *api, const char *path, bool *elsewhere,
			 struct berth_error *err)
{
	static const struct http_call_events events = {on_data, on_done};
	struct follow f = {.api = api, .err = err, .rc = -1};
	struct http_client *client = NULL;
	struct loop_signal *intr = NULL;

	f.loop = loop_create(err);
	if (f.loop == NULL)
		return -1;
	client = http_client_create(f.loop, api_uri(api),
				    api->contact->token, err);
	if (client == NULL)
		goto out;
	intr = loop_signal_create(f.loop, SIGINT, on_signal, &f);
	http_call_start(client, "GET", path, NULL, 0, 0, &events, &f);
	if (loop_run(f.loop, err) != 0)
		f.rc = -1;
out:
	*elsewhere = f.elsewhere;
	loop_signal_destroy(intr);
	http_client_destroy(client);
	loop_destroy(f.loop);
	return f.rc;
}

int cmd_events(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth events [OPTIONS]",
		"Print the newest events of the ledger, a JSON object a line.",
	};
	struct api api = {0};
	bool follow = false, elsewhere = false;
	long long from = 0;
	const struct opt table[] = {
		{"follow,f", OPT_FLAG, &follow, NULL,
		 "go on with those that come"},
		{"from", OPT_COUNT, &from, "SEQ", "from this number on"},
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	char path[96];
	int rest = opts_parse(table, &doc, 0, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	snprintf(path, sizeof(path), "/v1/events?from=%lld&follow=%d", from,
		 follow);
	if (rest >= 0 && api_open(&api, &err) == 0) {
		do
			rc = follow_events(&api, path, &elsewhere, &err);
		while (elsewhere);
	}
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}
