/* plan.c - see plan.h. */
#include "cli/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

#define EMULATE_MAX 256
/* BatchMode: a question for a password would hang among many logins. */
#define DEFAULT_RSH "ssh -x -o BatchMode=yes -o ConnectTimeout=10"
#define NAME_CHARS                                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

void plan_finish(struct plan *p)
{
	mem_strv_free(p->nodes);
	mem_strv_free(p->hosts);
	free(p->rsh);
	free(p->command);
	free(p->topology);
	free(p->text);
	memset(p, 0, sizeof *p);
}

static int check_name(const char *name, const char *where,
		      struct berth_error *err)
{
	size_t n = strlen(name);

	if (n >= 1 && n <= 64 && strspn(name, NAME_CHARS) == n)
		return 0;
	return error_set(err, BERTH_EINPUT,
			 "%s: '%.80s' is no name of a host (1 to 64 of "
			 "A-Z a-z 0-9 . _ -, with user@ before it where "
			 "needed)",
			 where, name);
}

/* Add "user@host", by the name after the @. */
static int add_host(struct plan *p, const char *host, const char *where,
		    struct berth_error *err)
{
	const char *at = strrchr(host, '@');
	const char *node = at ? at + 1 : host;

	if (check_name(node, where, err))
		return -1;
	for (size_t i = 0; i < p->count; i++) {
		if (strcmp(p->nodes[i], node) == 0)
			return error_set(err, BERTH_EINPUT,
					 "%s: host %s is named twice", where,
					 node);
	}
	p->nodes = mem_resize(p->nodes, p->count + 2, sizeof(char *));
	p->hosts = mem_resize(p->hosts, p->count + 2, sizeof(char *));
	p->nodes[p->count] = mem_strdup(node);
	p->hosts[p->count] = mem_strdup(host);
	p->count++;
	p->nodes[p->count] = NULL;
	p->hosts[p->count] = NULL;
	return 0;
}

/* A host file as mpirun takes it: a host a line, "#" begins a comment, what
 * follows the name ("slots=4") says nothing here. */
static int read_hosts(struct plan *p, const char *path,
		      struct berth_error *err)
{
	FILE *f = fopen(path, "re");
	char line[1024], where[600];
	int rc = 0;

	if (f == NULL)
		return error_set(err, BERTH_EINPUT, "host file %s: %s", path,
				 strerror(errno));
	for (int n = 1; rc == 0 && fgets(line, sizeof line, f); n++) {
		char *name;

		line[strcspn(line, "#\n")] = '\0';
		name = line + strspn(line, " \t");
		name[strcspn(name, " \t\r")] = '\0';
		snprintf(where, sizeof where, "%s:%d", path, n);
		if (name[0])
			rc = add_host(p, name, where, err);
	}
	fclose(f);
	if (rc == 0 && p->count == 0)
		rc = error_set(err, BERTH_EINPUT, "%s: no host in it", path);
	return rc;
}

static int list_hosts(struct plan *p, const char *list,
		      struct berth_error *err)
{
	char *copy = mem_strdup(list), *save = NULL;
	int rc = 0;

	for (char *h = strtok_r(copy, ",", &save); h && rc == 0;
	     h = strtok_r(NULL, ",", &save))
		rc = add_host(p, h, "--hosts", err);
	free(copy);
	if (rc == 0 && p->count == 0)
		rc = error_set(err, BERTH_EINPUT, "--hosts names no host");
	return rc;
}

static int take_hosts(struct plan *p, const char *hosts,
		      struct berth_error *err)
{
	struct stat st;

	if (strchr(hosts, '/') || (strchr(hosts, ',') == NULL &&
				   stat(hosts, &st) == 0 &&
				   S_ISREG(st.st_mode)))
		return read_hosts(p, hosts, err);
	return list_hosts(p, hosts, err);
}

static void emulate(struct plan *p, const struct plan_options *o)
{
	p->kind = PLAN_EMULATE;
	p->count = (size_t)o->emulate;
	p->nodes = mem_array(p->count + 1, sizeof(char *));
	for (size_t i = 0; i < p->count; i++)
		p->nodes[i] = mem_printf("n%zu", i);
	if (p->topology == NULL)
		p->topology = mem_strdup("package:1 l3:1 core:4 pu:1");
}

static int local(struct plan *p, struct berth_error *err)
{
	char host[256] = "localhost";

	gethostname(host, sizeof host - 1);
	host[strcspn(host, ".")] = '\0';
	p->kind = PLAN_LOCAL;
	if (add_host(p, host, "the host's name", err))
		return -1;
	return 0;
}

/* The names of the allocation's nodes, from Slurm itself: within a step on some
 * of them, an interactive one say, list holds those alone. */
static int slurm_nodes(struct plan *p, const char *job, const char *list,
		       struct berth_error *err)
{
	char *command, line[512];
	FILE *f;
	int rc = 0;

	if (strspn(list, NAME_CHARS "[],") != strlen(list))
		return error_set(err, BERTH_EINPUT,
				 "SLURM_JOB_NODELIST holds '%.60s'", list);
	if (strspn(job, NAME_CHARS) != strlen(job))
		return error_set(err, BERTH_EINPUT,
				 "SLURM_JOB_ID holds '%.60s'", job);
	command = mem_printf("l=$(squeue -h -j '%s' -o %%N 2>/dev/null); "
			     "scontrol show hostnames \"${l:-%s}\"",
			     job, list);
	f = popen(command, "re");
	while (f && rc == 0 && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0])
			rc = add_host(p, line, "scontrol", err);
	}
	if ((f == NULL || pclose(f) != 0 || p->count == 0) && rc == 0)
		rc = error_set(err, BERTH_EUNAVAIL,
			       "'scontrol show hostnames %s' names no nodes: "
			       "is this a Slurm allocation?",
			       list);
	free(command);
	return rc;
}

/*
 * One step over all nodes: a task on each, all CPUs and memory, beside the
 * allocation's other steps, until the last launcher ends.  What sbatch and
 * salloc leave in the environment as the user's wishes for programs (tasks
 * and CPUs a task, say) must not become wishes for this step: what options
 * cannot overrule is taken out.
 */
static char *slurm_command(size_t nodes)
{
	static const char *const wishes[] = {
		"SLURM_CPUS_PER_TASK",	 "SRUN_CPUS_PER_TASK",
		"SLURM_DISTRIBUTION",	 "SLURM_EXACT",
		"SLURM_HINT",		 "SLURM_HOSTFILE",
		"SLURM_JOB_NODELIST",	 "SLURM_LABELIO",
		"SLURM_MULTI_PROG",	 "SLURM_NTASKS_PER_CORE",
		"SLURM_THREADS_PER_CORE",
	};
	struct buf b;

	buf_init(&b);
	buf_puts(&b, "env");
	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
		buf_printf(&b, " -u %s", wishes[i]);
	buf_printf(&b,
		   " srun --job-name=berth --nodes=%zu --ntasks=%zu "
		   "--ntasks-per-node=1 --overlap --cpu-bind=none --mem=0 "
		   "--mpi=none --export=ALL --input=all --output=all "
		   "--no-kill --kill-on-bad-exit=0 --wait=0",
		   nodes, nodes);
	return buf_take(&b);
}

static int by_command(struct plan *p, const struct plan_options *o,
		      const char *nodelist, struct berth_error *err)
{
	const char *job = getenv("SLURM_JOB_ID");

	p->kind = PLAN_COMMAND;
	if (o->hosts && take_hosts(p, o->hosts, err))
		return -1;
	if (o->hosts == NULL && nodelist && slurm_nodes(p, job, nodelist, err))
		return -1;
	if (p->count == 0 && o->nodes == 0)
		return error_set(err, BERTH_EINPUT,
				 "--launch-cmd needs --hosts or --nodes N: how "
				 "many launchers will answer?");
	if (p->count == 0)
		p->count = (size_t)o->nodes;
	p->slurm = o->command == NULL;
	p->command = p->slurm ? slurm_command(p->count)
			      : mem_strdup(o->command);
	return 0;
}

static int check_options(const struct plan_options *o,
			 struct berth_error *err)
{
	if (o->emulate == 0)
		return error_set(err, BERTH_EINPUT,
				 "--emulate 0: at least one node");
	if (o->emulate > 0 && (o->hosts || o->command || o->rsh))
		return error_set(err, BERTH_EINPUT,
				 "--emulate is for this machine alone: leave "
				 "out --hosts, --rsh and --launch-cmd");
	if (o->emulate > EMULATE_MAX)
		return error_set(err, BERTH_EINPUT,
				 "--emulate %lld: at most %d nodes",
				 o->emulate, EMULATE_MAX);
	if (o->rsh && o->hosts == NULL)
		return error_set(err, BERTH_EINPUT,
				 "--rsh needs --hosts: where to?");
	if (o->rsh && o->command)
		return error_set(err, BERTH_EINPUT,
				 "either --rsh, once a host, or --launch-cmd, "
				 "once for all");
	return 0;
}

static void make_text(struct plan *p)
{
	static const char *const kinds[] = {"local", "emulate", "hosts",
					    "command"};
	struct buf b;

	buf_init(&b);
	buf_printf(&b, "%s %zu", kinds[p->kind], p->count);
	for (size_t i = 0; p->hosts && p->hosts[i]; i++)
		buf_printf(&b, " %s", p->hosts[i]);
	if (p->rsh)
		buf_printf(&b, " rsh=%s", p->rsh);
	if (p->slurm)
		buf_puts(&b, " slurm");
	else if (p->command)
		buf_printf(&b, " command=%s", p->command);
	if (p->topology)
		buf_printf(&b, " topology=%s", p->topology);
	p->text = buf_take(&b);
}

int plan_make(struct plan *p, const struct plan_options *o,
	      struct berth_error *err)
{
	const char *nodelist = getenv("SLURM_JOB_ID")
				       ? getenv("SLURM_JOB_NODELIST")
				       : NULL;
	int rc = 0;

	memset(p, 0, sizeof *p);
	if (check_options(o, err))
		return -1;
	p->asked = o->emulate > 0 || o->nodes || o->topology || o->hosts ||
		   o->rsh || o->command;
	if (o->topology)
		p->topology = mem_strdup(o->topology);
	if (o->emulate > 0) {
		emulate(p, o);
	} else if (o->command || (nodelist && o->hosts == NULL)) {
		rc = by_command(p, o, nodelist, err);
	} else if (o->hosts) {
		p->kind = PLAN_HOSTS;
		p->rsh = mem_strdup(o->rsh ? o->rsh : DEFAULT_RSH);
		rc = take_hosts(p, o->hosts, err);
	} else {
		rc = local(p, err);
	}
	if (rc)
		plan_finish(p);
	else
		make_text(p);
	return rc;
}

char *plan_describe(const struct plan *p)
{
	const char *s = p->count == 1 ? "" : "s";

	switch (p->kind) {
	case PLAN_EMULATE:
		return mem_printf("%zu node%s emulated on this machine",
				  p->count, s);
	case PLAN_HOSTS:
		return mem_printf("%zu host%s over '%s'", p->count, s,
				  p->rsh);
	case PLAN_COMMAND:
		if (p->slurm)
			return mem_printf("%zu node%s of Slurm job %s",
					  p->count, s, getenv("SLURM_JOB_ID"));
		return mem_printf("%zu node%s by '%s'", p->count, s,
				  p->command);
	default:
		return mem_printf("this machine, node %s", p->nodes[0]);
	}
}
