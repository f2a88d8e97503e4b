/* spec.c - see spec.h; what only MPI jobs have is in spec_mpi.c. */
#include "cli/spec.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"
#include "cli/env.h"
#include "cli/parse.h"
#include "cli/program.h"

/* ---- tables ---- */

static void add_rows(struct opt_table *t, const struct opt *row, size_t n)
{
	memcpy(&t->row[t->n], row, n * sizeof(*row));
	t->n += n;
}

#define ADD(t, ...)                                                            \
	add_rows(t, (const struct opt[]){__VA_ARGS__},                         \
		 sizeof((const struct opt[]){__VA_ARGS__}) / sizeof(struct opt))

static void add_common(struct opt_table *t, struct spec_opts *o)
{
	ADD(t, {"cores,cpus-per-task", OPT_COUNT, &o->cores, "N",
		"cores of each task or rank (1)"},
	    {"mem", OPT_SIZE, &o->mem_mib, "SIZE",
	     "memory of each: 512 (MiB), 4G"},
	    {"gpus,gpus-per-task", OPT_COUNT, &o->gpus, "N", "GPUs of each"},
	    {"gpu-vendor", OPT_STRING, &o->gpu_vendor, "NAME",
	     "nvidia, amd or intel"},
	    {"drive", OPT_SIZE, &o->drive_mib, "SIZE",
	     "space on a local drive, of each"},
	    {"t,time", OPT_MINUTES, &o->time_ms, "TIME",
	     "limit: 90 (minutes), 1:30:00, 2h, 30s"},
	    {"J,job-name,name", OPT_STRING, &o->name, "NAME", "name of the job"},
	    {"D,chdir", OPT_STRING, &o->chdir, "DIR",
	     "run there (default: here)"},
	    {"e,error", OPT_STRING, &o->error, "FILE",
	     "standard error into FILE"},
	    {"env", OPT_LIST, &o->env, "VAR[=VAL]",
	     "set in the job's environment"},
	    {"export", OPT_STRING, &o->export, "LIST",
	     "what of the environment goes along: ALL, NONE, VAR=VAL,..."},
	    {"role", OPT_STRING, &o->role, "NAME", "who pays for it"},
	    {"priority", OPT_STRING, &o->priority, "N", "the higher the sooner"},
	    {"w,nodelist", OPT_LIST, &o->nodes, "NODES", "only on these nodes"},
	    {"exclude", OPT_LIST, &o->exclude, "NODES", "not on these"},
	    {"C,constraint", OPT_LIST, &o->labels, "LABEL=VAL",
	     "only on nodes with this label"},
	    {"prefer-node", OPT_LIST, &o->prefer_nodes, "NODES",
	     "rather on these nodes"},
	    {"prefer-label", OPT_LIST, &o->prefer_labels, "LABEL=VAL",
	     "rather on nodes with this label"},
	    {"dataset-in", OPT_LIST, &o->datasets_in, "NAME[:hard]",
	     "rather (hard: only) where this dataset lies"},
	    {"dataset-out", OPT_LIST, &o->datasets_out, "NAME",
	     "its tasks leave this dataset on their nodes"},
	    {"prefer-wait", OPT_TIME, &o->wait_ms, "TIME",
	     "how long to wait for such nodes: 0s to 5s (3s)"},
	    {"prefer", OPT_STRING, &o->prefer, "HOW",
	     "its ranks on few switches (default) or few nodes, or equal on "
	     "each"},
	    {"exclusive", OPT_FLAG, &o->exclusive, NULL,
	     "nobody else on its nodes"},
	    {"stop-signal", OPT_STRING, &o->stop_signal, "SIG",
	     "how it is asked to end (TERM)"},
	    {"grace", OPT_TIME, &o->grace_ms, "TIME",
	     "between that and SIGKILL (5s)"},
	    {"requeue", OPT_FLAG, &o->requeue, NULL,
	     "back to the queue when its slices are taken back (it does)"},
	    {"no-requeue", OPT_FLAG, &o->no_requeue, NULL,
	     "end then instead"},
	    {"restart", OPT_COUNT, &o->restart, "N",
	     "start it again when it fails, or its node is lost, up to N "
	     "times"},
	    {"checkpoint-signal", OPT_STRING, &o->checkpoint_signal, "SIG",
	     "sent when its slices will be taken back, before it is asked to "
	     "end"},
	    {"set", OPT_LIST, &o->set, "NAME=VAL",
	     "an option of the framework, VAL in JSON"},
	    API_OPTS(&o->api));
}

static void add_submit(struct opt_table *t, struct spec_opts *o)
{
}

static void add_follow(struct opt_table *t, struct spec_opts *o)
{
	ADD(t, {"l,label", OPT_FLAG, &o->label, NULL,
		"mark lines with their task or rank"},
	    {"q,quiet", OPT_FLAG, &o->quiet, NULL,
	     "no messages of berth's own"});
}

static void add_batch(struct opt_table *t, struct spec_opts *o)
{
	ADD(t, {"a,array", OPT_STRING, &o->array, "LIST",
		"a task an index: 0-9999, 1,3,5-9, 0-100:10, 0-99%8"},
	    {"n,ntasks", OPT_COUNT, &o->tasks, "N", "the same as --array 0-(N-1)"},
	    {"c", OPT_COUNT, &o->cores, "N", "the same as --cores"});
}

/* ---- JSON ---- */

static int set_options(const struct spec_opts *o, json_t *options,
		       struct berth_error *err)
{
	for (size_t i = 0; i < o->set.count; i++) {
		const char *item = o->set.items[i];
		const char *eq = strchr(item, '=');
		json_t *value;
		char *name;

		if (eq == NULL || eq == item)
			return error_set(err, BERTH_EINPUT,
					 "--set: '%s' is no NAME=VAL", item);
		value = json_loads(eq + 1, JSON_DECODE_ANY, NULL);
		if (value == NULL)
			value = json_string(eq + 1);
		name = mem_strndup(item, (size_t)(eq - item));
		json_object_set_new(options, name, value);
		free(name);
	}
	return 0;
}

/* "n1,n2:4,n3": names; mpirun's slots are left to the broker. */
static json_t *name_list(const struct opt_list *list)
{
	json_t *names = json_array();

	for (size_t i = 0; i < list->count; i++) {
		const char *p = list->items[i];

		while (*p) {
			size_t len = strcspn(p, ",");
			size_t n = strcspn(p, ",:");

			if (n > 0)
				json_array_append_new(names,
						      json_stringn(p, n));
			p += len + (p[len] == ',');
		}
	}
	return names;
}

static json_t *label_object(const char *option, const struct opt_list *list,
			    struct berth_error *err)
{
	json_t *labels = json_object();

	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[i];
		const char *eq = strchr(item, '=');
		char *name;

		if (eq == NULL || eq == item) {
			error_set(err, BERTH_EINPUT, "%s: '%s' is no LABEL=VAL",
				  option, item);
			json_decref(labels);
			return NULL;
		}
		name = mem_strndup(item, (size_t)(eq - item));
		json_object_set_new(labels, name, json_string(eq + 1));
		free(name);
	}
	return labels;
}

/* Takes value over; an empty one is left out. */
static void set_some(json_t *o, const char *name, json_t *value)
{
	if (json_array_size(value) > 0 || json_object_size(value) > 0)
		json_object_set(o, name, value);
	json_decref(value);
}

/* "a,b:hard": into soft or hard. */
static int sort_datasets(const struct opt_list *list, json_t *soft,
			 json_t *hard, struct berth_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *p = list->items[i];

		while (*p) {
			size_t len = strcspn(p, ","), n = strcspn(p, ",:");
			bool must = n < len;

			if (n == 0 || (must && (len - n != 5 ||
						strncmp(p + n, ":hard", 5))))
				return error_set(err, BERTH_EINPUT,
						 "--dataset-in: '%s' is neither "
						 "NAME nor NAME:hard",
						 list->items[i]);
			json_array_append_new(must ? hard : soft,
					      json_stringn(p, n));
			p += len + (p[len] == ',');
		}
	}
	return 0;
}

/* What it had rather, and for how long it waits for that. */
static int set_prefer(const struct spec_opts *o, json_t *datasets, json_t *job,
		      struct berth_error *err)
{
	json_t *p = json_object(), *labels;

	set_some(p, "datasets", datasets);
	labels = label_object("--prefer-label", &o->prefer_labels, err);
	if (labels == NULL) {
		json_decref(p);
		return -1;
	}
	set_some(p, "labels", labels);
	set_some(p, "nodes", name_list(&o->prefer_nodes));
	if (json_object_size(p) > 0)
		json_object_set_new(p, "wait_ms",
				    json_integer(o->wait_ms < 0 ? 3000 :
								  o->wait_ms));
	else if (o->wait_ms >= 0) {
		json_decref(p);
		return error_set(err, BERTH_EINPUT,
				 "--prefer-wait: for what? --dataset-in, "
				 "--prefer-node or --prefer-label say it");
	}
	if (o->prefer != NULL && strcmp(o->prefer, "switches") != 0 &&
	    strcmp(o->prefer, "nodes") != 0 && strcmp(o->prefer, "equal") != 0) {
		json_decref(p);
		return error_set(err, BERTH_EINPUT,
				 "--prefer: '%.40s' is none of switches, nodes, "
				 "equal", o->prefer);
	}
	if (o->prefer != NULL)
		json_object_set_new(p, "layout", json_string(o->prefer));
	set_some(job, "prefer", p);
	return 0;
}

static int set_constraints(const struct spec_opts *o, json_t *job,
			   struct berth_error *err)
{
	json_t *soft = json_array(), *hard = json_array(), *c = json_object();
	json_t *labels = label_object("--constraint", &o->labels, err);
	int rc = -1;

	if (labels == NULL ||
	    sort_datasets(&o->datasets_in, soft, hard, err) != 0 ||
	    set_prefer(o, json_incref(soft), job, err) != 0)
		goto out;
	set_some(c, "labels", json_incref(labels));
	set_some(c, "datasets", json_incref(hard));
	set_some(c, "nodes", name_list(&o->nodes));
	set_some(c, "exclude", name_list(&o->exclude));
	if (o->exclusive)
		json_object_set_new(c, "exclusive", json_true());
	set_some(job, "constraints", json_incref(c));
	set_some(job, "datasets_out", name_list(&o->datasets_out));
	rc = 0;
out:
	json_decref(labels);
	json_decref(soft);
	json_decref(hard);
	json_decref(c);
	return rc;
}

static void set_count(json_t *job, const char *name, long long value)
{
	if (value > 0)
		json_object_set_new(job, name, json_integer(value));
}

static void set_string(json_t *job, const char *name, const char *value)
{
	if (value)
		json_object_set_new(job, name, json_string(value));
}

/* Output files are named from where the job runs. */
static void set_file(json_t *job, const char *name, const char *value,
		     const char *cwd)
{
	char *path;

	if (value == NULL || value[0] == '\0')
		return;
	path = value[0] == '/' ? mem_strdup(value)
			       : mem_printf("%s/%s", cwd, value);
	set_string(job, name, path);
	free(path);
}

static int set_numbers(const struct spec_opts *o, json_t *job,
		       struct berth_error *err)
{
	int signo;

	set_count(job, "cores", o->cores);
	set_count(job, "memory_mib", o->mem_mib);
	set_count(job, "gpus", o->gpus);
	set_count(job, "drive_mib", o->drive_mib);
	set_count(job, "walltime_ms", o->time_ms);
	if (o->grace_ms >= 0)
		json_object_set_new(job, "grace_ms", json_integer(o->grace_ms));
	if (o->stop_signal) {
		signo = parse_signal(o->stop_signal, err);
		if (signo < 0)
			return error_prefix(err, "--stop-signal");
		set_count(job, "stop_signal", signo);
	}
	if (o->checkpoint_signal) {
		signo = parse_signal(o->checkpoint_signal, err);
		if (signo < 0)
			return error_prefix(err, "--checkpoint-signal");
		set_count(job, "checkpoint_signal", signo);
	}
	if (o->requeue && o->no_requeue)
		return error_set(err, BERTH_EINPUT,
				 "--requeue and --no-requeue: one of them");
	if (o->no_requeue)
		json_object_set_new(job, "requeue", json_false());
	if (o->restart > 0)
		set_count(job, "restart", o->restart);
	if (o->priority) {
		const char *p = o->priority;
		long long n;

		if (parse_count("--priority", p + (*p == '-'), &n, err) != 0)
			return -1;
		json_object_set_new(job, "priority",
				    json_integer(*p == '-' ? -n : n));
	}
	return 0;
}

static int build(const struct spec_opts *o, const char *framework,
		 const char *cwd, json_t *job, json_t *env,
		 struct berth_error *err)
{
	for (size_t i = 0; i < o->env.count; i++) {
		if (env_add(env, o->env.items[i], err) != 0)
			return error_prefix(err, "--env");
	}
	set_string(job, "framework", framework);
	set_string(job, "name", o->name);
	set_string(job, "role", o->role);
	set_string(job, "gpu_vendor", o->gpu_vendor);
	set_string(job, "cwd", cwd);
	set_file(job, "output", o->output, cwd);
	set_file(job, "error", o->error, cwd);
	json_object_set(job, "env", env);
	json_object_set_new(job, "uid", json_integer(geteuid()));
	json_object_set_new(job, "gid", json_integer(getegid()));
	if (set_numbers(o, job, err) != 0 || set_constraints(o, job, err) != 0)
		return -1;
	if (o->set.count > 0 && json_object_get(job, "options") == NULL)
		json_object_set_new(job, "options", json_object());
	return set_options(o, json_object_get(job, "options"), err);
}

/* A plain job of whatever framework: options, then one program. */
static int parse_plain(struct spec_opts *o, struct opt_table *table,
		       const struct opts_doc *doc, int argc, char **argv,
		       json_t *job, struct berth_error *err)
{
	char range[32];
	json_t *program;
	char *cwd;
	int rest;

	ADD(table, {"o,output", OPT_STRING, &o->output, "FILE",
		    "standard output into FILE; %j job, %a index, ..."},
	    {0});
	rest = opts_parse(table->row, doc, 0, argc, argv, err);
	if (rest < 0)
		return rest;
	if (o->tasks > 0 && o->array)
		return error_set(err, BERTH_EINPUT,
				 "--ntasks and --array exclude each other");
	cwd = program_cwd(o->chdir, err);
	if (cwd == NULL)
		return -1;
	program = program_argv(argc - rest, argv + rest, cwd, err);
	free(cwd);
	if (program == NULL)
		return -1;
	json_object_set_new(job, "argv", program);
	snprintf(range, sizeof(range), "0-%lld", o->tasks - 1);
	if (o->array || o->tasks > 1)
		json_object_set_new(job, "options",
				    json_pack("{s:s}", "array",
					      o->array ? o->array : range));
	return 0;
}

/* ---- the whole ---- */

static const struct opts_doc *doc_of(enum spec_command command, bool mpi)
{
	static const struct opts_doc docs[] = {
		{"berth submit batch [OPTIONS] [--] PROGRAM [ARGS]",
		 "Queue a command, or an array of them: in each task a bare {} "
		 "among its\narguments becomes the task's index."},
		{"berth run [batch|mpi] [OPTIONS] [--] PROGRAM [ARGS]",
		 "Run a command or an array of them and follow it; the exit "
		 "code is the job's.\nCtrl-C cancels it."},
		{NULL, NULL},
		{"berth submit mpi [OPTIONS] [--] PROGRAM [ARGS] "
		 "[: [OPTIONS] PROGRAM ...]",
		 "Queue an MPI job."},
		{"berth run mpi [OPTIONS] [--] PROGRAM [ARGS] "
		 "[: [OPTIONS] PROGRAM ...]",
		 "Run an MPI job and follow it; the exit code is the job's.  "
		 "Ctrl-C cancels it."},
		{"berth mpirun [OPTIONS] PROGRAM [ARGS] "
		 "[: [OPTIONS] PROGRAM ...]",
		 "Run an MPI job and follow it, with mpirun's options; the "
		 "exit code is the job's.\nCtrl-C cancels it."},
	};

	return &docs[command + (mpi ? 3 : 0)];
}

/* The framework, which may be the first argument; *at is its place or 0. */
static const char *find_framework(enum spec_command command, int argc,
				  char **argv, int *at,
				  struct berth_error *err)
{
	const char *first = argc > 1 ? argv[1] : "";

	*at = 0;
	if (command == SPEC_MPIRUN)
		return "mpi";
	if (first[0] && first[0] != '-' &&
	    (command == SPEC_SUBMIT || strcmp(first, "mpi") == 0 ||
	     strcmp(first, "batch") == 0)) {
		*at = 1;
		return first;
	}
	if (command == SPEC_RUN || strcmp(first, "--help") == 0 ||
	    strcmp(first, "-h") == 0)
		return "batch";
	error_set(err, BERTH_EINPUT,
		  "submit: to which framework? berth submit mpi ... or berth "
		  "submit batch ...; berth frameworks lists them");
	return NULL;
}

static void free_lists(struct spec_opts *o)
{
	free(o->nodes.items);
	free(o->exclude.items);
	free(o->labels.items);
	free(o->prefer_nodes.items);
	free(o->prefer_labels.items);
	free(o->datasets_in.items);
	free(o->datasets_out.items);
	free(o->env.items);
	free(o->set.items);
	free(o->mca.items);
}

/* Does someone want standard input?  A single reader, and not where output is
 * not followed. */
static bool wants_stdin(const struct spec_opts *o, enum spec_command command,
			bool mpi)
{
	if (command == SPEC_SUBMIT)
		return false;
	if (mpi)
		return o->stdin_to == NULL || strcmp(o->stdin_to, "none") != 0;
	return o->array == NULL && o->tasks <= 1;
}

static enum spec_tag tag_of(const struct spec_opts *o)
{
	return o->tag_output ? TAG_MPIRUN : o->label ? TAG_LABEL : TAG_NONE;
}

int spec_parse(enum spec_command command, int argc, char **argv,
	       struct api *api, struct spec *out, struct berth_error *err)
{
	struct spec_opts o = {.grace_ms = -1, .wait_ms = -1};
	struct opt_table table = {.n = 0};
	json_t *job = json_object(), *env = NULL;
	const struct opts_doc *doc;
	const char *framework;
	char *cwd = NULL;
	bool mpi;
	int at, rc = -1;

	memset(out, 0, sizeof(*out));
	framework = find_framework(command, argc, argv, &at, err);
	if (framework == NULL)
		goto out;
	mpi = strcmp(framework, "mpi") == 0;
	doc = doc_of(command, mpi);
	/* Messages speak of the command: its name stands before the rest. */
	argv[at] = argv[0];
	add_common(&table, &o);
	if (command == SPEC_SUBMIT)
		add_submit(&table, &o);
	else
		add_follow(&table, &o);
	if (mpi) {
		env = json_object();
		rc = spec_mpi(&o, &table, doc, command, argc - at, argv + at,
			      job, env, err);
	} else {
		add_batch(&table, &o);
		rc = parse_plain(&o, &table, doc, argc - at, argv + at, job,
				 err);
	}
	if (rc != 0)
		goto out;
	rc = -1;
	cwd = program_cwd(o.chdir, err);
	if (cwd == NULL)
		goto out;
	json_t *whole = o.export ? env_export(o.export, err) : env_capture();

	if (whole == NULL)
		goto out;
	if (env)
		json_object_update(whole, env);
	json_decref(env);
	env = whole;
	if (build(&o, framework, cwd, job, env, err) != 0)
		goto out;
	out->want_stdin = wants_stdin(&o, command, mpi);
	if (out->want_stdin)
		json_object_set_new(job, "stdin", json_true());
	out->tag = tag_of(&o);
	out->json = o.api.json;
	out->quiet = o.quiet;
	out->job = json_incref(job);
	api->dir = o.api.dir;
	api->json = o.api.json;
	rc = 0;
out:
	free(cwd);
	free_lists(&o);
	json_decref(env);
	json_decref(job);
	return rc;
}

void spec_finish(struct spec *s)
{
	json_decref(s->job);
	s->job = NULL;
}

long long spec_submit(const struct spec *s, struct api *api,
		      struct berth_error *err)
{
	json_t *answer = NULL;
	long long id = 0;
	char key[33];
	int rc;

	rand_secret_hex(key, 16);
	api->key = key;
	rc = api_call(api, "POST", "/v1/jobs", s->job, &answer, 0, err);
	api->key = NULL;
	if (rc != 0)
		return -1;
	id = api_int(answer, "id");
	json_decref(answer);
	if (id > 0)
		return id;
	return error_set(err, BERTH_EPROTO,
			 "%s: no number in the answer to a new job",
			 api_uri(api));
}
