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
/* All CPUs and memory of each node, beside the allocation's other steps. */
#define SLURM_COMMAND                                                          \
	"srun --ntasks-per-node=1 --overlap --cpu-bind=none --mem=0 "          \
	"--no-kill --kill-on-bad-exit=0 --wait=0"
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

/* The names of the allocation's nodes, from Slurm itself. */
static int slurm_nodes(struct plan *p, const char *list,
		       struct berth_error *err)
{
	char *command, line[512];
	FILE *f;
	int rc = 0;

	if (strspn(list, NAME_CHARS "[],") != strlen(list))
		return error_set(err, BERTH_EINPUT,
				 "SLURM_JOB_NODELIST holds '%.60s'", list);
	command = mem_printf("scontrol show hostnames '%s'", list);
	f = popen(command, "re");
	while (f && rc == 0 && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0])
			rc = add_host(p, line, "scontrol", err);
	}
	if ((f == NULL || pclose(f) != 0 || p->count == 0) && rc == 0)
		rc = error_set(err, BERTH_EUNAVAIL,
			       "'%s' names no nodes: is this a Slurm "
			       "allocation?",
			       command);
	free(command);
	return rc;
}

static int by_command(struct plan *p, const struct plan_options *o,
		      const char *nodelist, struct berth_error *err)
{
	p->kind = PLAN_COMMAND;
	if (o->hosts && take_hosts(p, o->hosts, err))
		return -1;
	if (o->hosts == NULL && nodelist && slurm_nodes(p, nodelist, err))
		return -1;
	if (p->count == 0 && o->nodes == 0)
		return error_set(err, BERTH_EINPUT,
				 "--launch-cmd needs --hosts or --nodes N: how "
				 "many launchers will answer?");
	if (p->count == 0)
		p->count = (size_t)o->nodes;
	p->command = mem_strdup(o->command ? o->command : SLURM_COMMAND);
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
	if (p->command)
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
		return mem_printf("%zu node%s by '%s'", p->count, s,
				  p->command);
	default:
		return mem_printf("this machine, node %s", p->nodes[0]);
	}
}
