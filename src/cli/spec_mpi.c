/*
 * spec_mpi.c - mpirun's options, and programs with ":" between them.
 *
 * Each program has its own count, directory and variables; all other options
 * are the job's, wherever they stand.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/env.h"
#include "cli/parse.h"
#include "cli/program.h"
#include "cli/spec.h"

/* One program of the job. */
struct program {
	long long ranks;
	const char *chdir;
	struct opt_list env;
	json_t *argv;
	char *cwd;
};

/* mpirun's words for what the broker calls otherwise. */
static const struct {
	const char *word, *ours;
} words[] = {
	{"slot", "slot"},     {"core", "core"},	     {"hwthread", "core"},
	{"node", "node"},     {"numa", "numa"},	     {"l3cache", "l3"},
	{"l3", "l3"},	      {"socket", "socket"},  {"package", "socket"},
	{"none", "none"},
};

static const char *our_word(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].word) == len &&
		    strncasecmp(words[i].word, text, len) == 0)
			return words[i].ours;
	}
	return NULL;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/* What stands behind the first colon: "PE=2,OVERSUBSCRIBE". */
static int map_modifier(struct spec_opts *o, const char *text, size_t len,
			struct berth_error *err)
{
	char *word = mem_strndup(text, len);
	int rc = 0;

	if (strncasecmp(word, "pe=", 3) == 0)
		rc = parse_count("--map-by ...:PE", word + 3, &o->cores, err);
	else if (strcasecmp(word, "oversubscribe") == 0)
		o->oversubscribe = true;
	else if (strcasecmp(word, "nooversubscribe") != 0 &&
		 strcasecmp(word, "span") != 0)
		rc = error_set(err, BERTH_EINPUT,
			       "--map-by: '%s' is not known behind a colon; "
			       "PE=N and OVERSUBSCRIBE are",
			       word);
	free(word);
	return rc;
}

/* "ppr:2:node": so many ranks on each; returns what is behind it. */
static const char *map_ppr(struct spec_opts *o, const char *text,
			   struct berth_error *err)
{
	const char *unit = strchr(text, ':');
	char *count = mem_strndup(text, strcspn(text, ":"));
	size_t len;
	int rc;

	rc = parse_count("--map-by ppr", count, &o->per_node, err);
	free(count);
	if (rc != 0)
		return NULL;
	len = unit ? strcspn(unit + 1, ":") : 0;
	if (len == 0 || !is_word(unit + 1, len, "node")) {
		error_set(err, BERTH_EINPUT,
			  "--map-by ppr:%s: only ppr:N:node is known; for "
			  "smaller parts say --map-by numa, l3cache or package "
			  "and --npernode",
			  text);
		return NULL;
	}
	return unit + 1 + len;
}

static int read_map_by(struct spec_opts *o, json_t *options,
		       struct berth_error *err)
{
	const char *p = o->map_by;
	size_t len = strcspn(p, ":");

	if (is_word(p, len, "ppr") && p[len] == ':') {
		p = map_ppr(o, p + len + 1, err);
		if (p == NULL)
			return -1;
	} else {
		const char *word = our_word(p, len);

		if (word == NULL || strcmp(word, "none") == 0)
			return error_set(err, BERTH_EINPUT,
					 "--map-by: '%.*s' is none of slot, "
					 "core, node, numa, l3cache, package, "
					 "ppr:N:node",
					 (int)len, p);
		json_object_set_new(options, "map_by", json_string(word));
		p += len;
	}
	while (*p == ':' || *p == ',') {
		len = strcspn(++p, ":,");
		if (map_modifier(o, p, len, err) != 0)
			return -1;
		p += len;
	}
	return 0;
}

static int read_bind_to(const struct spec_opts *o, json_t *options,
			struct berth_error *err)
{
	/* ":overload-allowed" and the like change nothing here: slices do
	 * not overlap. */
	size_t len = strcspn(o->bind_to, ":");
	const char *word = our_word(o->bind_to, len);

	if (word == NULL || strcmp(word, "node") == 0 ||
	    strcmp(word, "slot") == 0)
		return error_set(err, BERTH_EINPUT,
				 "--bind-to: '%s' is none of core, numa, "
				 "l3cache, package, none",
				 o->bind_to);
	json_object_set_new(options, "bind_to", json_string(word));
	return 0;
}

/* mpirun's --output: "tag" marks lines; "file=NAME", "dir=NAME" and, as srun
 * has it, a bare name say where it goes. */
static int read_output(struct spec_opts *o, struct berth_error *err)
{
	const char *text = o->output;

	if (text == NULL)
		return 0;
	if (strcasecmp(text, "tag") == 0) {
		o->tag_output = true;
		o->output = NULL;
	} else if (strncasecmp(text, "file=", 5) == 0) {
		o->output = text + 5;
	} else if (strncasecmp(text, "dir=", 4) == 0) {
		return error_set(err, BERTH_EINPUT,
				 "--output dir=: write --output "
				 "'%s/%%t.out' for a file a rank",
				 text + 4);
	}
	return 0;
}

static int read_ft(const struct spec_opts *o, json_t *options,
		   struct berth_error *err)
{
	static const char *const on[] = {"ulfm", "mpi", "yes", "true", NULL};
	static const char *const off[] = {"none", "no", "false", NULL};
	bool ft = o->ft, known = o->with_ft == NULL;

	for (size_t i = 0; !known && on[i]; i++)
		known = ft = strcasecmp(o->with_ft, on[i]) == 0;
	for (size_t i = 0; !known && off[i]; i++)
		known = strcasecmp(o->with_ft, off[i]) == 0;
	if (!known)
		return error_set(err, BERTH_EINPUT,
				 "--with-ft: '%s' is none of ulfm, none",
				 o->with_ft);
	if (ft)
		json_object_set_new(options, "ft", json_true());
	return 0;
}

/* ---- programs ---- */

static void program_finish(struct program *p)
{
	free(p->env.items);
	json_decref(p->argv);
	free(p->cwd);
}

static void own_rows(struct opt_table *t, struct spec_opts *o,
		     struct program *p, enum spec_command command)
{
	const struct opt rows[] = {
		{"n,np,ntasks", OPT_COUNT, &p->ranks, "N", "ranks (1)"},
		{"N,npernode,ntasks-per-node", OPT_COUNT, &o->per_node, "N",
		 "exactly N ranks on a node"},
		{"nodes", OPT_COUNT, &o->nnodes, "N", "spread over N nodes"},
		{"map-by", OPT_STRING, &o->map_by, "HOW",
		 "slot, core, node, numa, l3cache, package, ppr:N:node; :PE=N"},
		{"bind-to", OPT_STRING, &o->bind_to, "WHAT",
		 "core, numa, l3cache, package, none"},
		{"x", OPT_LIST, &p->env, "VAR[=VAL]",
		 "set in the ranks' environment"},
		{"wdir,wd", OPT_STRING, &p->chdir, "DIR", "run there"},
		{"timeout", OPT_TIME, &o->time_ms, "SECONDS",
		 "end the job after this time"},
		{"o,output", OPT_STRING, &o->output, "FILE",
		 "standard output into FILE (%j job, %t rank); tag: as below"},
		{"tag-output", OPT_FLAG, &o->tag_output, NULL,
		 "mark lines with [job,rank]<stream>"},
		{"report-bindings", OPT_FLAG, &o->report_bindings, NULL,
		 "each rank's cores on standard error"},
		{"oversubscribe", OPT_FLAG, &o->oversubscribe, NULL,
		 "more ranks than cores"},
		{"ft", OPT_FLAG, &o->ft, NULL,
		 "go on when ranks die (Open MPI 5 with ULFM)"},
		{"with-ft", OPT_STRING, &o->with_ft, "HOW",
		 "mpirun's word for it: ulfm or none"},
		{"H,host", OPT_LIST, &o->nodes, "NODES", "only on these nodes"},
		{"stdin", OPT_STRING, &o->stdin_to, "RANK",
		 "who reads standard input: 0 or none"},
		{"mca,gmca,pmixmca,prtemca", OPT_PAIR, &o->mca, "NAME VALUE",
		 "a parameter of Open MPI"},
		{"allow-run-as-root", OPT_IGNORE, NULL, NULL, NULL},
		{"nooversubscribe", OPT_IGNORE, NULL, NULL, NULL},
		{"v,verbose", OPT_IGNORE, NULL, NULL, NULL},
		/* mpirun's -c counts ranks, srun's cores. */
		{"c", OPT_COUNT, command == SPEC_MPIRUN ? &p->ranks : &o->cores,
		 "N",
		 command == SPEC_MPIRUN ? "the same as -n"
					: "the same as --cores"},
		{0},
	};

	memcpy(&t->row[t->n], rows, sizeof(rows));
	t->n += sizeof(rows) / sizeof(rows[0]) - 1;
}

/* Parse one program's part; argv[0] is the command's name. */
static int read_program(struct spec_opts *o, const struct opt_table *shared,
			const struct opts_doc *doc, enum spec_command command,
			struct program *p, int argc, char **argv,
			struct berth_error *err)
{
	struct opt_table table = *shared;
	int rest;

	own_rows(&table, o, p, command);
	rest = opts_parse(table.row, doc, 0, argc, argv, err);
	if (rest < 0)
		return rest;
	p->cwd = program_cwd(p->chdir ? p->chdir : o->chdir, err);
	if (p->cwd == NULL)
		return -1;
	p->argv = program_argv(argc - rest, argv + rest, p->cwd, err);
	return p->argv ? 0 : -1;
}

static int set_env(const struct program *p, json_t *env,
		   struct berth_error *err)
{
	for (size_t i = 0; i < p->env.count; i++) {
		if (env_add(env, p->env.items[i], err) != 0)
			return error_prefix(err, "-x");
	}
	return 0;
}

static void set_mca(const struct spec_opts *o, json_t *env)
{
	for (size_t i = 0; i + 1 < o->mca.count; i += 2) {
		char *name = mem_printf("OMPI_MCA_%s", o->mca.items[i]);

		json_object_set_new(env, name,
				    json_string(o->mca.items[i + 1]));
		free(name);
	}
}

/* More than one program. */
static int set_apps(const struct spec_opts *o, const struct program *p,
		    size_t n, json_t *job, json_t *options, json_t *env,
		    struct berth_error *err)
{
	json_t *apps = json_array();

	json_object_set_new(options, "apps", apps);
	for (size_t i = 0; i < n; i++) {
		json_t *app = json_pack("{s:O, s:s, s:I}", "argv", p[i].argv,
					"cwd", p[i].cwd, "ranks",
					(json_int_t)(p[i].ranks > 0
							     ? p[i].ranks
							     : 1));

		json_array_append_new(apps, app);
		if (p[i].env.count > 0) {
			json_t *own = o->export ? env_export(o->export, err)
						: env_capture();

			if (own == NULL)
				return -1;
			json_object_set_new(app, "env", own);
			json_object_update(own, env);
			if (set_env(&p[i], own, err) != 0)
				return -1;
		}
	}
	/* The job's name comes from it. */
	json_object_set(job, "argv", p[0].argv);
	return 0;
}

static int set_counts(struct spec_opts *o, const struct program *p, size_t n,
		      json_t *options, struct berth_error *err)
{
	long long ranks = p[0].ranks, total = 0;

	for (size_t i = 0; i < n; i++)
		total += p[i].ranks > 0 ? p[i].ranks : 1;
	if (o->nnodes > 0 && n == 1 && ranks == 0)
		total = ranks = o->nnodes * (o->per_node ? o->per_node : 1);
	if (o->nnodes > 0 && total % o->nnodes != 0)
		return error_set(err, BERTH_EINPUT,
				 "--nodes: %lld ranks do not spread evenly over "
				 "%lld nodes",
				 total, o->nnodes);
	if (o->nnodes > 0 && o->per_node > 0 &&
	    o->per_node * o->nnodes != total)
		return error_set(err, BERTH_EINPUT,
				 "--nodes: %lld ranks, %lld on a node, make no "
				 "%lld nodes",
				 total, o->per_node, o->nnodes);
	if (o->nnodes > 0)
		o->per_node = total / o->nnodes;
	if (o->per_node > 0 && n == 1 && ranks == 0)
		ranks = o->per_node;
	if (o->per_node > 0)
		json_object_set_new(options, "ranks_per_node",
				    json_integer(o->per_node));
	if (n == 1)
		json_object_set_new(options, "ranks",
				    json_integer(ranks > 0 ? ranks : 1));
	return 0;
}

static int set_options(struct spec_opts *o, const struct program *p, size_t n,
		       json_t *job, json_t *env, struct berth_error *err)
{
	json_t *options = json_object();

	json_object_set_new(job, "options", options);
	if (o->map_by && read_map_by(o, options, err) != 0)
		return -1;
	if (o->bind_to && read_bind_to(o, options, err) != 0)
		return -1;
	if (read_output(o, err) != 0 || read_ft(o, options, err) != 0 ||
	    set_counts(o, p, n, options, err) != 0)
		return -1;
	if (o->stdin_to && strcmp(o->stdin_to, "0") != 0 &&
	    strcmp(o->stdin_to, "none") != 0)
		return error_set(err, BERTH_EINPUT,
				 "--stdin: only rank 0 can read it, or none");
	if (o->tag_output)
		json_object_set_new(options, "tag_output", json_true());
	if (o->report_bindings)
		json_object_set_new(options, "report_bindings", json_true());
	if (o->oversubscribe)
		json_object_set_new(options, "oversubscribe", json_true());
	set_mca(o, env);
	if (n > 1)
		return set_apps(o, p, n, job, options, env, err);
	json_object_set(job, "argv", p[0].argv);
	if (p[0].chdir)
		o->chdir = p[0].chdir;
	return set_env(&p[0], env, err);
}

int spec_mpi(struct spec_opts *o, const struct opt_table *shared,
	     const struct opts_doc *doc, enum spec_command command, int argc,
	     char **argv, json_t *job, json_t *env, struct berth_error *err)
{
	struct program *p = NULL;
	size_t n = 0;
	int start = 0, rc = -1;

	for (int i = 1; i <= argc; i++) {
		char *command_name = argv[0];

		if (i < argc && strcmp(argv[i], ":") != 0)
			continue;
		p = mem_resize(p, n + 1, sizeof(*p));
		memset(&p[n++], 0, sizeof(*p));
		/* The place before a part, a colon's, takes the name. */
		argv[start] = command_name;
		rc = read_program(o, shared, doc, command, &p[n - 1],
				  i - start, argv + start, err);
		if (rc != 0)
			goto out;
		start = i;
	}
	rc = set_options(o, p, n, job, env, err);
out:
	for (size_t i = 0; i < n; i++)
		program_finish(&p[i]);
	free(p);
	return rc;
}
