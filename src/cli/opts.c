/* opts.c - see opts.h. */
#include "cli/opts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "cli/parse.h"

/* The next of a comma-separated list of names; *len 0 at the end. */
static const char *next_name(const char **names, size_t *len)
{
	const char *name = *names;

	*len = strcspn(name, ",");
	*names = name[*len] ? name + *len + 1 : name + *len;
	return name;
}

/* The option that has the name of len characters. */
static const struct opt *find(const struct opt *table, const char *name,
			      size_t len)
{
	for (; table->names || table->type == OPT_HEADING; table++) {
		const char *names = table->names;
		size_t n = 1;

		while (names && n > 0) {
			const char *known = next_name(&names, &n);

			if (n > 0 && n == len && strncmp(known, name, n) == 0)
				return table;
		}
	}
	return NULL;
}

static bool takes_value(const struct opt *o)
{
	return o->type != OPT_FLAG && o->type != OPT_IGNORE;
}

static int store(const struct opt *o, const char *shown, const char *value,
		 struct berth_error *err)
{
	struct opt_list *list = o->dest;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)o->dest = true;
		return 0;
	case OPT_STRING:
		*(const char **)o->dest = value;
		return 0;
	case OPT_COUNT:
		return parse_count(shown, value, o->dest, err);
	case OPT_TIME:
		return parse_time(shown, value, 1000, o->dest, err);
	case OPT_MINUTES:
		return parse_time(shown, value, 60000, o->dest, err);
	case OPT_SIZE:
		return parse_size(shown, value, o->dest, err);
	case OPT_LIST:
	case OPT_PAIR:
		list->items = mem_resize(list->items, list->count + 1,
					 sizeof(*list->items));
		list->items[list->count++] = value;
		return 0;
	case OPT_IGNORE:
	case OPT_HEADING:
		break;
	}
	return 0;
}

static int unknown(const struct opt *table, const char *arg,
		   const char *command, struct berth_error *err)
{
	char *name = mem_strndup(arg + strspn(arg, "-"),
				 strcspn(arg + strspn(arg, "-"), "="));
	struct nearest near = {.wanted = name};
	char *meant = NULL;

	for (; table->names || table->type == OPT_HEADING; table++) {
		const char *names = table->names;
		size_t n = 1;

		while (names && n > 0) {
			const char *at = next_name(&names, &n);
			char *known = mem_strndup(at, n);
			const char *before = near.best;

			if (n > 1)
				nearest_offer(&near, known);
			if (near.best != before) {
				free(meant);
				meant = known;
				near.best = meant;
			} else {
				free(known);
			}
		}
	}
	error_set(err, BERTH_EINPUT,
		  "unknown option %s%s%s%s; see berth %s --help", arg,
		  meant ? " (did you mean --" : "", meant ? meant : "",
		  meant ? "?)" : "", command);
	free(meant);
	free(name);
	return -1;
}

/* "-n4", "-n 4", "-lf": *i moves over what is used. */
static int parse_short(const struct opt *table, int argc, char **argv, int *i,
		       struct berth_error *err)
{
	const char *arg = argv[*i];

	for (const char *p = arg + 1; *p; p++) {
		const struct opt *o = find(table, p, 1);
		char shown[3] = {'-', *p, '\0'};
		const char *value = NULL;

		if (o == NULL)
			return unknown(table, arg, argv[0], err);
		if (takes_value(o)) {
			if (p[1] == '\0' && *i + 1 == argc)
				return error_set(err, BERTH_EINPUT,
						 "%s needs a value", shown);
			value = p[1] ? p + 1 : argv[++*i];
			if (p[1] == '=')
				value++;
		}
		if (store(o, shown, value, err) != 0)
			return -1;
		if (value)
			break;
	}
	return 0;
}

static int parse_one(const struct opt *table, int argc, char **argv, int *i,
		     struct berth_error *err)
{
	const char *arg = argv[*i];
	const char *name = arg + (arg[1] == '-' ? 2 : 1);
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	const struct opt *o = NULL;

	/* A whole word first: "-np" is not "-n p". */
	if (arg[1] == '-' || len > 1)
		o = find(table, name, len);
	if (o == NULL && arg[1] != '-')
		return parse_short(table, argc, argv, i, err);
	if (o == NULL)
		return unknown(table, arg, argv[0], err);
	if (!takes_value(o) && value)
		return error_set(err, BERTH_EINPUT, "%s takes no value", arg);
	if (takes_value(o) && value == NULL) {
		if (*i + 1 == argc)
			return error_set(err, BERTH_EINPUT, "%s needs a value",
					 arg);
		value = argv[++*i];
	}
	if (store(o, arg, value, err) != 0)
		return -1;
	if (o->type != OPT_PAIR)
		return 0;
	if (*i + 1 == argc)
		return error_set(err, BERTH_EINPUT, "%s needs two values", arg);
	return store(o, arg, argv[++*i], err);
}

static bool is_help(const struct opt *table, const char *arg)
{
	return strcmp(arg, "--help") == 0 ||
	       (strcmp(arg, "-h") == 0 && find(table, "h", 1) == NULL);
}

int opts_parse(const struct opt *table, const struct opts_doc *doc, int flags,
	       int argc, char **argv, struct berth_error *err)
{
	/* What is no option, in its order; written back at the end. */
	char **rest = mem_array((size_t)argc + 1, sizeof(*rest));
	int nrest = 0, i;
	int rc = -1;

	for (i = 1; i < argc; i++) {
		char *arg = argv[i];

		if (strcmp(arg, "--") == 0) {
			i++;
			break;
		}
		if (is_help(table, arg)) {
			opts_help(table, doc, stdout);
			rc = -2;
			goto out;
		}
		if (arg[0] != '-' || arg[1] == '\0') {
			if (!(flags & OPTS_MIXED))
				break;
			rest[nrest++] = arg;
			continue;
		}
		if (parse_one(table, argc, argv, &i, err) != 0)
			goto out;
	}
	/* All that is left comes behind what was set aside. */
	memcpy(&argv[i - nrest], rest, (size_t)nrest * sizeof(*rest));
	rc = i - nrest;
out:
	free(rest);
	return rc;
}

/* "-n, -np, --ntasks N" */
static void print_names(const struct opt *o, FILE *out)
{
	const char *names = o->names;
	char line[128];
	size_t at = 0, n;

	for (;;) {
		const char *name = next_name(&names, &n);

		if (n == 0 || at + n + 8 > sizeof(line))
			break;
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%s%.*s",
				       at ? ", " : "",
				       n > 1 && strncmp(name, "np", n) != 0
					       ? "--"
					       : "-",
				       (int)n, name);
	}
	if (o->arg)
		snprintf(line + at, sizeof(line) - at, " %s", o->arg);
	if (strlen(line) > 24)
		fprintf(out, "  %s\n  %-24s", line, "");
	else
		fprintf(out, "  %-24s", line);
}

void opts_help(const struct opt *table, const struct opts_doc *doc, FILE *out)
{
	fprintf(out, "usage: %s\n\n%s\n\n", doc->usage, doc->about);
	for (; table->names || table->type == OPT_HEADING; table++) {
		if (table->help == NULL)
			continue;
		if (table->type == OPT_HEADING) {
			fprintf(out, "%s\n", table->help);
			continue;
		}
		print_names(table, out);
		fprintf(out, " %s\n", table->help);
	}
	fprintf(out, "  %-24s %s\n", "--help", "this text");
}
