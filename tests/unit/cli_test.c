/* cli_test.c - what users write on the command line, and what comes of it. */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/chunk.h"
#include "cli/contact.h"
#include "cli/env.h"
#include "cli/opts.h"
#include "cli/parse.h"
#include "cli/spec.h"
#include "unit.h"

/* ---- parse ---- */

static void test_times(void)
{
	static const struct {
		const char *text;
		long long ms; /* -1: refused */
	} c[] = {
		{"90", 90000},	       {"0", 0},
		{"1:30", 90000},       {"1:00:00", 3600000},
		{"1-12:00:00", 129600000}, {"2-0", 172800000},
		{"1-2:30", 95400000},  {"2h", 7200000},
		{"1h30m", 5400000},    {"1.5h", 5400000},
		{"1500ms", 1500},      {"10min", 600000},
		{"1d", 86400000},      {"0.5", 500},
		{"", -1},	       {"x", -1},
		{"1:60", -1},	       {"1:2:3:4", -1},
		{"1::2", -1},	       {"-5", -1},
		{"5x", -1},	       {"1h30", -1},
		{"0x10", -1},	       {"1e9", -1},
		{"99999999999999999999", -1}, {"nan", -1},
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct berth_error err;
		long long ms = -7;
		int rc = parse_time("-t", c[i].text, 1000, &ms, &err);

		CU_ASSERT_EQUAL(rc, c[i].ms < 0 ? -1 : 0);
		CU_ASSERT_EQUAL(ms, c[i].ms < 0 ? -7 : c[i].ms);
		if (rc != (c[i].ms < 0 ? -1 : 0) ||
		    (rc == 0 && ms != c[i].ms))
			printf("time '%s': %lld\n", c[i].text, ms);
	}
}

static void test_sizes(void)
{
	static const struct {
		const char *text;
		long long mib;
	} c[] = {
		{"512", 512},  {"512M", 512},	 {"4G", 4096},
		{"4GiB", 4096}, {"4gb", 4096},	 {"1.5T", 1572864},
		{"2048K", 2},  {"1K", 1},	 {"", -1},
		{"G", -1},     {"4X", -1},	 {"-1", -1},
		{"4GG", -1},   {"1e400", -1},
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct berth_error err;
		long long mib = -1;

		parse_size("--mem", c[i].text, &mib, &err);
		CU_ASSERT_EQUAL(mib, c[i].mib);
	}
	CU_ASSERT_EQUAL(parse_signal("10", NULL), 10);
	CU_ASSERT_EQUAL(parse_signal("USR1", NULL), SIGUSR1);
	CU_ASSERT_EQUAL(parse_signal("sigterm", NULL), SIGTERM);
	CU_ASSERT_EQUAL(parse_signal("SIGFROB", NULL), -1);
	CU_ASSERT_EQUAL(parse_signal("0", NULL), -1);
	CU_ASSERT_EQUAL(parse_signal("999", NULL), -1);
}

/* ---- opts ---- */

struct given {
	bool flag, verbose;
	const char *text;
	long long count;
	struct opt_list list, pair;
};

/* Words divided by blanks, as argv; static. */
static char **words(const char *line, int *argc)
{
	static char text[512];
	static char *argv[40];
	char *save = NULL;

	snprintf(text, sizeof(text), "%s", line);
	*argc = 0;
	for (char *w = strtok_r(text, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[(*argc)++] = w;
	argv[*argc] = NULL;
	return argv;
}

static int parse(const char *line, int flags, struct given *g,
		 struct berth_error *err, char ***argv, int *argc)
{
	static const struct opts_doc doc = {"berth x [OPTIONS]", "About."};
	const struct opt table[] = {
		{"f,flag", OPT_FLAG, &g->flag, NULL, "a flag"},
		{"v,verbose", OPT_FLAG, &g->verbose, NULL, "another"},
		{"o,output", OPT_STRING, &g->text, "FILE", "text"},
		{"n,np,ntasks", OPT_COUNT, &g->count, "N", "count"},
		{"x", OPT_LIST, &g->list, "X", "list"},
		{"mca", OPT_PAIR, &g->pair, "A B", "pair"},
		{"old", OPT_IGNORE, NULL, NULL, NULL},
		{0},
	};

	memset(g, 0, sizeof(*g));
	memset(err, 0, sizeof(*err));
	*argv = words(line, argc);
	return opts_parse(table, &doc, flags, *argc, *argv, err);
}

static void test_forms(void)
{
	static const char *const forms[] = {
		"x -n 4 rest", "x -n4 rest",	   "x -np 4 rest",
		"x --np 4 rest", "x --ntasks=4 rest", "x --ntasks 4 rest",
		"x -n=4 rest", "x -np=4 rest",	   "x -n 4 -- rest",
		"x -fn4 rest", "x --old -n 4 rest",
	};
	struct berth_error err;
	struct given g;
	char **argv;
	int argc;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		int rest = parse(forms[i], 0, &g, &err, &argv, &argc);

		CU_ASSERT_EQUAL(rest, argc - 1);
		CU_ASSERT_EQUAL(g.count, 4);
		CU_ASSERT_EQUAL(g.flag, i == 9);
	}
	CU_ASSERT(parse("x -x A -x B=c --mca btl self prog -n 3", 0, &g, &err,
			&argv, &argc) > 0);
	CU_ASSERT_EQUAL(g.list.count, 2);
	CU_ASSERT_STRING_EQUAL(g.list.items[1], "B=c");
	CU_ASSERT_STRING_EQUAL(g.pair.items[1], "self");
	CU_ASSERT_EQUAL(g.count, 0);
	free(g.list.items);
	free(g.pair.items);
	/* Mixed: the rest keeps its order, behind the options. */
	int rest = parse("x 12 -f 13 -o - -v - 14 -- -15", OPTS_MIXED, &g,
			 &err, &argv, &argc);
	CU_ASSERT(g.flag && g.verbose);
	CU_ASSERT_STRING_EQUAL(g.text, "-");
	CU_ASSERT_EQUAL_FATAL(argc - rest, 5);
	CU_ASSERT_STRING_EQUAL(argv[rest], "12");
	CU_ASSERT_STRING_EQUAL(argv[rest + 1], "13");
	CU_ASSERT_STRING_EQUAL(argv[rest + 2], "-");
	CU_ASSERT_STRING_EQUAL(argv[rest + 3], "14");
	CU_ASSERT_STRING_EQUAL(argv[rest + 4], "-15");
}

static void test_wrong_options(void)
{
	static const struct {
		const char *line, *why;
	} c[] = {
		{"x --outptu=3", "did you mean --output?"},
		{"x --zzz", "unknown option --zzz; see berth x --help"},
		{"x -q", "unknown option -q"},
		{"x -n", "-n needs a value"},
		{"x --ntasks", "--ntasks needs a value"},
		{"x -n many", "-n: 'many' is not a whole number"},
		{"x -n -3", "-n: '-3' is not a whole number"},
		{"x --flag=yes", "takes no value"},
		{"x --mca btl", "needs two values"},
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct berth_error err;
		struct given g;
		char **argv;
		int argc;

		CU_ASSERT_EQUAL(parse(c[i].line, 0, &g, &err, &argv, &argc),
				-1);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, c[i].why));
		free(g.pair.items);
	}
}

/* ---- spec ---- */

/* Members of the spec that are worth comparing, sorted, or the error. */
static char *spec_of(enum spec_command command, const char *line)
{
	static const char *const drop[] = {"env", "uid", "gid", "cwd"};
	struct berth_error err;
	struct api api = {0};
	struct spec spec;
	char *text;
	int argc;
	char **argv = words(line, &argc);

	if (spec_parse(command, argc, argv, &api, &spec, &err) != 0)
		return mem_strdup(err.text);
	for (size_t i = 0; i < 4; i++)
		json_object_del(spec.job, drop[i]);
	text = json_dumps(spec.job, JSON_SORT_KEYS);
	spec_finish(&spec);
	return text;
}

static void check_specs(enum spec_command command, const char *const (*c)[2],
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *got = spec_of(command, c[i][0]);

		CU_ASSERT_STRING_EQUAL(got, c[i][1]);
		if (strcmp(got, c[i][1]) != 0)
			printf("\n%s\n  %s\n  %s\n", c[i][0], got, c[i][1]);
		free(got);
	}
}

static void test_batch(void)
{
	static const char *const submit[][2] = {
		{"submit batch -- true",
		 "{\"argv\": [\"true\"], \"framework\": \"batch\"}"},
		{"submit batch --array 0-9999 --cores 1 --mem 2G --gpus 1 -- "
		 "cmd {}",
		 "{\"argv\": [\"cmd\", \"{}\"], \"cores\": 1, \"framework\": "
		 "\"batch\", \"gpus\": 1, \"memory_mib\": 2048, \"options\": "
		 "{\"array\": \"0-9999\"}}"},
		{"submit batch -J x -t 90 -o /o/%j -e /e --role r --priority "
		 "-3 -w n1,n2 --exclude n3 -C gpu=a --exclusive true",
		 "{\"argv\": [\"true\"], \"constraints\": {\"exclude\": "
		 "[\"n3\"], \"exclusive\": true, \"labels\": {\"gpu\": \"a\"}, "
		 "\"nodes\": [\"n1\", \"n2\"]}, \"error\": \"/e\", "
		 "\"framework\": \"batch\", \"name\": \"x\", "
		 "\"output\": \"/o/%j\", \"priority\": -3, \"role\": \"r\", "
		 "\"walltime_ms\": 5400000}"},
		{"submit batch --stop-signal USR2 --grace 1500ms -c2 true -c",
		 "{\"argv\": [\"true\", \"-c\"], \"cores\": 2, \"framework\": "
		 "\"batch\", \"grace_ms\": 1500, \"stop_signal\": 12}"},
		{"submit other --set depth=3 --set kind=\"a\" --set x=yy true",
		 "{\"argv\": [\"true\"], \"framework\": \"other\", "
		 "\"options\": {\"depth\": 3, \"kind\": \"a\", \"x\": "
		 "\"yy\"}}"},
		{"submit batch", "no program to run is given"},
		{"submit", "submit: to which framework? berth submit mpi ... "
			   "or berth submit batch ...; berth frameworks lists "
			   "them"},
		{"submit batch -n 3 -a 1-2 true",
		 "--ntasks and --array exclude each other"},
	};
	static const char *const run[][2] = {
		{"run true", "{\"argv\": [\"true\"], \"framework\": \"batch\", "
			     "\"stdin\": true}"},
		{"run -n 4 true",
		 "{\"argv\": [\"true\"], \"framework\": \"batch\", "
		 "\"options\": {\"array\": \"0-3\"}}"},
		{"run mpi -n 2 -c 3 true",
		 "{\"argv\": [\"true\"], \"cores\": 3, \"framework\": \"mpi\", "
		 "\"options\": {\"ranks\": 2}, \"stdin\": true}"},
	};

	check_specs(SPEC_SUBMIT, submit, sizeof(submit) / sizeof(submit[0]));
	check_specs(SPEC_RUN, run, sizeof(run) / sizeof(run[0]));
}

static void test_mpirun(void)
{
	static const char *const c[][2] = {
		{"mpirun -np 4 true x -n 3",
		 "{\"argv\": [\"true\", \"x\", \"-n\", \"3\"], \"framework\": "
		 "\"mpi\", \"options\": {\"ranks\": 4}, \"stdin\": true}"},
		{"mpirun -c 2 --stdin none true",
		 "{\"argv\": [\"true\"], \"framework\": \"mpi\", \"options\": "
		 "{\"ranks\": 2}}"},
		{"mpirun -n 8 --npernode 2 --map-by l3cache:PE=2 --bind-to "
		 "core:overload-allowed --timeout 90 --tag-output "
		 "--report-bindings --oversubscribe true",
		 "{\"argv\": [\"true\"], \"cores\": 2, \"framework\": \"mpi\", "
		 "\"options\": {\"bind_to\": \"core\", \"map_by\": \"l3\", "
		 "\"oversubscribe\": true, \"ranks\": 8, \"ranks_per_node\": "
		 "2, \"report_bindings\": true, \"tag_output\": true}, "
		 "\"stdin\": true, \"walltime_ms\": 90000}"},
		{"mpirun -n 4 --map-by ppr:2:node:PE=3,OVERSUBSCRIBE -H "
		 "n1:2,n2:2 true",
		 "{\"argv\": [\"true\"], \"constraints\": {\"nodes\": "
		 "[\"n1\", \"n2\"]}, \"cores\": 3, \"framework\": \"mpi\", "
		 "\"options\": {\"oversubscribe\": true, \"ranks\": 4, "
		 "\"ranks_per_node\": 2}, \"stdin\": true}"},
		{"mpirun -n 2 true a : -np 3 false",
		 "{\"argv\": [\"true\", \"a\"], \"framework\": \"mpi\", "
		 "\"options\": {\"apps\": [{\"argv\": [\"true\", \"a\"], "
		 "\"cwd\": \"/\", \"ranks\": 2}, {\"argv\": [\"false\"], "
		 "\"cwd\": \"/\", \"ranks\": 3}]}, \"stdin\": true}"},
		{"mpirun -n 6 --nodes 3 true",
		 "{\"argv\": [\"true\"], \"framework\": \"mpi\", \"options\": "
		 "{\"ranks\": 6, \"ranks_per_node\": 2}, \"stdin\": true}"},
		{"mpirun --allow-run-as-root -output tag true",
		 "{\"argv\": [\"true\"], \"framework\": \"mpi\", \"options\": "
		 "{\"ranks\": 1, \"tag_output\": true}, \"stdin\": true}"},
		{"mpirun -n 2 --prefer equal true",
		 "{\"argv\": [\"true\"], \"framework\": \"mpi\", \"options\": "
		 "{\"ranks\": 2}, \"prefer\": {\"layout\": \"equal\"}, "
		 "\"stdin\": true}"},
		{"mpirun --prefer leaves true",
		 "--prefer: 'leaves' is none of switches, nodes, equal"},
		{"mpirun -n 5 --nodes 2 true",
		 "--nodes: 5 ranks do not spread evenly over 2 nodes"},
		{"mpirun --map-by ppr:2:socket true",
		 "--map-by ppr:2:socket: only ppr:N:node is known; for smaller "
		 "parts say --map-by numa, l3cache or package and --npernode"},
		{"mpirun --map-by frob true",
		 "--map-by: 'frob' is none of slot, core, node, numa, l3cache, "
		 "package, ppr:N:node"},
		{"mpirun --bind-to node true",
		 "--bind-to: 'node' is none of core, numa, l3cache, package, "
		 "none"},
		{"mpirun --stdin 3 true",
		 "--stdin: only rank 0 can read it, or none"},
		{"mpirun -n 2 true :", "no program to run is given"},
		{"mpirun --bnd-to core true",
		 "unknown option --bnd-to (did you mean --bind-to?); see berth "
		 "mpirun --help"},
		{"mpirun ./nothing-here", "program ./nothing-here: not found "
					  "in /"},
		{"mpirun ./etc", "program ./etc: not a file"},
		{"mpirun ./etc/passwd", "program ./etc/passwd: not executable; "
					"chmod +x it"},
	};
	char here[4096];

	CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof(here)));
	CU_ASSERT_EQUAL_FATAL(chdir("/"), 0);
	check_specs(SPEC_MPIRUN, c, sizeof(c) / sizeof(c[0]));
	CU_ASSERT_EQUAL(chdir(here), 0);
}

/* ---- env ---- */

static json_t *env_of(enum spec_command command, const char *line)
{
	struct berth_error err;
	struct api api = {0};
	struct spec spec;
	json_t *env = NULL;
	int argc;
	char **argv = words(line, &argc);

	CU_ASSERT_EQUAL_FATAL(
		spec_parse(command, argc, argv, &api, &spec, &err), 0);
	env = json_incref(json_object_get(spec.job, "env"));
	spec_finish(&spec);
	return env;
}

static const char *value(const json_t *env, const char *name)
{
	const char *v = json_string_value(json_object_get(env, name));

	return v ? v : "(none)";
}

static void test_env(void)
{
	json_t *env;

	setenv("CLI_TEST_VAR", "here", 1);
	setenv("OMPI_MCA_btl", "self", 1);
	setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
	setenv("PMIX_NAMESPACE", "x", 1);
	setenv("SLURM_STEP_ID", "0", 1);
	setenv("SLURM_JOB_ID", "7", 1);
	setenv("BERTH_TOKEN", "secret", 1);
	unsetenv("OMPI_COMM_WORLD_RANK");
	unsetenv("PMIX_RANK");
	unsetenv("PMI_RANK");
	env = env_of(SPEC_MPIRUN,
		     "mpirun -x A=1 -x CLI_TEST_VAR --mca pml ob1 true");
	CU_ASSERT_STRING_EQUAL(value(env, "A"), "1");
	CU_ASSERT_STRING_EQUAL(value(env, "CLI_TEST_VAR"), "here");
	CU_ASSERT_STRING_EQUAL(value(env, "OMPI_MCA_pml"), "ob1");
	CU_ASSERT_STRING_EQUAL(value(env, "OMPI_MCA_btl"), "self");
	CU_ASSERT_STRING_EQUAL(value(env, "SLURM_JOB_ID"), "7");
	CU_ASSERT_STRING_EQUAL(value(env, "OMPI_COMM_WORLD_SIZE"), "(none)");
	CU_ASSERT_STRING_EQUAL(value(env, "PMIX_NAMESPACE"), "(none)");
	CU_ASSERT_STRING_EQUAL(value(env, "SLURM_STEP_ID"), "(none)");
	CU_ASSERT_STRING_EQUAL(value(env, "BERTH_TOKEN"), "(none)");
	json_decref(env);
	/* Inside an MPI job OMPI_MCA_* are that job's. */
	setenv("PMIX_RANK", "0", 1);
	env = env_of(SPEC_RUN, "run --env B=2 true");
	CU_ASSERT_STRING_EQUAL(value(env, "OMPI_MCA_btl"), "(none)");
	CU_ASSERT_STRING_EQUAL(value(env, "B"), "2");
	json_decref(env);
	unsetenv("PMIX_RANK");
	env = env_of(SPEC_RUN, "run --export NONE,B=2,CLI_TEST_VAR true");
	CU_ASSERT_STRING_EQUAL(value(env, "B"), "2");
	CU_ASSERT_STRING_EQUAL(value(env, "CLI_TEST_VAR"), "here");
	CU_ASSERT_STRING_EQUAL(value(env, "SLURM_JOB_ID"), "(none)");
	CU_ASSERT_STRING_NOT_EQUAL(value(env, "PATH"), "(none)");
	json_decref(env);
	unsetenv("BERTH_TOKEN");
}

/* ---- chunks ---- */

static void test_chunks(void)
{
	struct berth_error err;
	struct chunk c;
	struct buf out;
	char key[64];

	buf_init(&out);
	CU_ASSERT_EQUAL(chunk_parse(&c,
				    "{\"task\":\"12.3\",\"rank\":7,\"stream\":"
				    "\"err\",\"data\":\"a\\nb\\u0000c\"}",
				    &err),
			0);
	CU_ASSERT_EQUAL(c.data.len, 5);
	CU_ASSERT_EQUAL(memcmp(c.data.data, "a\nb\0c", 5), 0);
	chunk_key(&c, key, sizeof(key));
	CU_ASSERT_STRING_EQUAL(key, "12.3/7/err");
	chunk_show(&c, TAG_MPIRUN, "one\ntwo", 7, &out);
	CU_ASSERT_STRING_EQUAL(out.data, "[12,7]<stderr>: one\n"
					 "[12,7]<stderr>: two\n");
	buf_clear(&out);
	chunk_finish(&c);
	CU_ASSERT_EQUAL(chunk_parse(&c,
				    "{\"task\":\"12.3\",\"stream\":\"out\","
				    "\"data64\":\"AAH/gA==\"}",
				    &err),
			0);
	CU_ASSERT_EQUAL(c.data.len, 4);
	CU_ASSERT_EQUAL(memcmp(c.data.data, "\0\1\xff\x80", 4), 0);
	chunk_show(&c, TAG_LABEL, "x\n\ny\n", 5, &out);
	CU_ASSERT_STRING_EQUAL(out.data, "3: x\n3: \n3: y\n");
	buf_clear(&out);
	chunk_show(&c, TAG_NONE, "x\n", 2, &out);
	CU_ASSERT_STRING_EQUAL(out.data, "x\n");
	chunk_finish(&c);
	CU_ASSERT_EQUAL(chunk_parse(&c, "{\"end\":true}", &err), 0);
	CU_ASSERT(c.end && !c.ended);
	chunk_finish(&c);
	CU_ASSERT_EQUAL(chunk_parse(&c,
				    "{\"end\":true,\"exit_code\":3,"
				    "\"outcome\":\"failed\"}",
				    &err),
			0);
	CU_ASSERT(c.end && c.ended && c.exit_code == 3);
	CU_ASSERT_STRING_EQUAL(c.outcome, "failed");
	chunk_finish(&c);
	CU_ASSERT_EQUAL(chunk_parse(&c, "<html>", &err), -1);
	chunk_finish(&c);
	CU_ASSERT_EQUAL(chunk_parse(&c, "{\"data64\":\"AA=A\"}", &err), -1);
	chunk_finish(&c);
	CU_ASSERT_EQUAL(chunk_parse(&c, "{\"data64\":\"AA==AAAA\"}", &err), -1);
	chunk_finish(&c);
	buf_finish(&out);
}

/* ---- contact ---- */

static void put_contact(const char *dir, const char *text, mode_t mode)
{
	char *path = mem_printf("%s/contact", dir);
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
	free(path);
}

static void test_contact(void)
{
	static const char good[] = "{\"uri\": \"unix:/x\", \"token\": \"t\", "
				   "\"berth\": \"b\", \"leader\": \"n\"}";
	char dir[] = "/tmp/berth-cli-XXXXXX";
	struct berth_error err;
	struct contact *c;
	char *path;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	unsetenv("BERTH_URI");
	CU_ASSERT_PTR_NULL(contact_find(dir, &err));
	CU_ASSERT_EQUAL(err.code, BERTH_EUNAVAIL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, dir));
	put_contact(dir, good, 0600);
	c = contact_find(dir, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_STRING_EQUAL(servers_now(c->servers), "unix:/x");
	CU_ASSERT_STRING_EQUAL(c->token, "t");
	contact_destroy(c);
	put_contact(dir, good, 0640);
	CU_ASSERT_PTR_NULL(contact_find(dir, &err));
	CU_ASSERT_EQUAL(err.code, BERTH_EAUTH);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "chmod 600"));
	put_contact(dir, "{\"uri\": ", 0600);
	CU_ASSERT_PTR_NULL(contact_find(dir, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "contact:1:"));
	put_contact(dir, "{}", 0600);
	CU_ASSERT_PTR_NULL(contact_find(dir, &err));
	/* The environment; an explicit folder outweighs it. */
	setenv("BERTH_URI", "http://h:1", 1);
	setenv("BERTH_TOKEN", "u", 1);
	c = contact_find(NULL, &err);
	CU_ASSERT_STRING_EQUAL(servers_now(c->servers), "http://h:1");
	CU_ASSERT_STRING_EQUAL(c->token, "u");
	contact_destroy(c);
	CU_ASSERT_PTR_NULL(contact_find(dir, &err));
	unsetenv("BERTH_URI");
	path = mem_printf("%s/contact", dir);
	unlink(path);
	rmdir(dir);
	free(path);
}

static const struct unit_test tests[] = {
	{"times", test_times},
	{"sizes and signals", test_sizes},
	{"forms of options", test_forms},
	{"wrong options", test_wrong_options},
	{"batch jobs", test_batch},
	{"mpirun's options", test_mpirun},
	{"environment", test_env},
	{"output chunks", test_chunks},
	{"contact", test_contact},
};

UNIT_MAIN("cli", tests)
