/* share.c - `berth share set` and `berth share remove`: what roles are
 * guaranteed, their weights, priorities and limits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "io/http.h"

struct share {
	struct api api;
	const char *guarantee, *limit, *parent, *weight, *priority;
};

static int add_number(json_t *body, const char *name, const char *text,
		      bool whole, struct berth_error *err)
{
	char *end;
	double v;

	if (text == NULL)
		return 0;
	errno = 0;
	v = strtod(text, &end);
	if (end == text || *end != '\0' || errno != 0 ||
	    (whole && (v != (double)(long long)v || v > 2e9 || v < -2e9)))
		return error_set(err, BERTH_EINPUT,
				 "--%s %.40s: a %snumber is wanted", name,
				 text, whole ? "whole " : "");
	json_object_set_new(body, name, whole ? json_integer((json_int_t)v) :
						json_real(v));
	return 0;
}

static void add_text(json_t *body, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new(body, name, json_string(text));
}

/* "none" takes away what was set. */
static const char *or_none(const char *text)
{
	return text != NULL && strcmp(text, "none") == 0 ? "" : text;
}

static char *path_of(const char *role)
{
	char *coded = http_encode(role);
	char *path = mem_printf("/v1/shares/%s", coded);

	free(coded);
	return path;
}

static int set(struct share *s, const char *role, struct berth_error *err)
{
	json_t *body = json_object(), *answer = NULL;
	char *path = path_of(role);
	int rc = -1;

	add_text(body, "guarantee", or_none(s->guarantee));
	add_text(body, "limit", or_none(s->limit));
	add_text(body, "parent", or_none(s->parent));
	if (add_number(body, "weight", s->weight, false, err) == 0 &&
	    add_number(body, "priority", s->priority, true, err) == 0 &&
	    api_open(&s->api, err) == 0)
		rc = api_call(&s->api, "PUT", path, body, &answer, 0, err);
	if (rc == 0 && s->api.json)
		api_print_json(answer);
	else
		json_decref(answer);
	json_decref(body);
	free(path);
	return rc;
}

static int drop(struct share *s, const char *role, struct berth_error *err)
{
	char *path = path_of(role);
	int rc = -1;

	if (s->guarantee != NULL || s->limit != NULL || s->parent != NULL ||
	    s->weight != NULL || s->priority != NULL)
		error_set(err, BERTH_EINPUT,
			  "share remove takes no settings, only a role");
	else if (api_open(&s->api, err) == 0)
		rc = api_call(&s->api, "DELETE", path, NULL, NULL, 0, err);
	free(path);
	return rc;
}

int cmd_share(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth share set|remove [OPTIONS] ROLE",
		"Set what a role is guaranteed, its weight, priority, limit "
		"and parent; what is not named stays as it is.  remove makes "
		"it a role that nothing is set for.",
	};
	struct share s = {0};
	const struct opt table[] = {
		{"guarantee,g", OPT_STRING, &s.guarantee, "HOW-MUCH",
		 "cores=8,memory=64G,gpus=1 or 25%; none: no guarantee"},
		{"limit,l", OPT_STRING, &s.limit, "HOW-MUCH",
		 "no more than this; none: no limit"},
		{"weight,w", OPT_STRING, &s.weight, "W",
		 "part of what is not guaranteed, beside others (1)"},
		{"priority,p", OPT_STRING, &s.priority, "N",
		 "the higher the sooner (0)"},
		{"parent", OPT_STRING, &s.parent, "ROLE",
		 "the role it stands below; none: the cluster"},
		API_OPTS(&s.api),
		{0},
	};
	struct berth_error err;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0)
		goto out;
	if (argc - rest != 2)
		error_set(&err, BERTH_EINPUT,
			  "share wants set or remove and one role, as in: berth "
			  "share set physics --guarantee 25%%");
	else if (strcmp(argv[rest], "set") == 0)
		rc = set(&s, argv[rest + 1], &err);
	else if (strcmp(argv[rest], "remove") == 0)
		rc = drop(&s, argv[rest + 1], &err);
	else
		error_set(&err, BERTH_EINPUT,
			  "share %.40s: there are share set and share remove",
			  argv[rest]);
out:
	api_close(&s.api);
	return rc == 0 ? 0 : cli_fail(&err);
}
