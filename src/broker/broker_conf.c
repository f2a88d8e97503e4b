/* broker_conf.c - see broker_conf.h. */
#include "broker/broker_conf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/whole_file.h"
#include "io/conf.h"
#include "model/switch.h"

#define TOKEN_MAX 256
#define SWITCHES_MAX ((size_t)16 << 20)

/* ---- where we are ---- */

/* The option, the variable, or NULL. */
static char *told(const char *option, const char *variable)
{
	const char *value = option ? option : getenv(variable);

	return value && value[0] ? mem_strdup(value) : NULL;
}

static char *host_name(void)
{
	char name[256] = "localhost";

	gethostname(name, sizeof(name) - 1);
	name[strcspn(name, ".")] = '\0';
	return mem_strdup(name);
}

static char *default_state_dir(const char *berth)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home == NULL || home[0] == '\0') {
		pw = getpwuid(getuid());
		home = pw ? pw->pw_dir : "/";
	}
	return mem_printf("%s/.berth/%s", home, berth);
}

static int check_name(const char *node, struct berth_error *err)
{
	size_t n = strspn(node, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (node[n] == '\0' && n > 0 && n <= 64)
		return 0;
	return error_set(err, BERTH_EINPUT,
			 "node \"%s\": a name is 1 to 64 of A-Z a-z 0-9 . _ -",
			 node);
}

static int find_places(struct broker_conf *c, const struct broker_options *o,
		       struct berth_error *err)
{
	c->node = told(o->node, "BERTH_NODE");
	if (c->node == NULL)
		c->node = host_name();
	if (check_name(c->node, err) < 0)
		return -1;
	c->berth = told(NULL, "BERTH_NAME");
	if (c->berth == NULL)
		c->berth = mem_strdup("default");
	c->state_dir = told(o->dir, "BERTH_STATE_DIR");
	if (c->state_dir == NULL)
		c->state_dir = default_state_dir(c->berth);
	c->node_dir = told(NULL, "BERTH_NODE_DIR");
	c->hosted = c->node_dir != NULL;
	if (c->node_dir == NULL)
		c->node_dir = mem_printf("%s/%s", c->state_dir, c->node);
	c->topology = told(o->topology, "BERTH_TOPOLOGY");
	return 0;
}

/* ---- files ---- */

/* DIR/NAME if it is there. */
static char *file_in(const char *dir, const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);

	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static int read_token(struct broker_conf *c, struct berth_error *err)
{
	char *path = file_in(c->node_dir, "token"), text[TOKEN_MAX + 1];
	ssize_t n;
	int fd;

	if (path == NULL)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, TOKEN_MAX);
	if (n < 0)
		error_sys(err, "%s", path);
	if (fd >= 0)
		close(fd);
	free(path);
	if (n < 0)
		return -1;
	text[n] = '\0';
	text[strcspn(text, " \r\n")] = '\0';
	if (text[0])
		c->token = mem_strdup(text);
	return 0;
}

static int get_string(struct conf *conf, const char *path, char **out,
		      struct berth_error *err)
{
	const char *value;
	int rc = conf_string(conf, path, &value, err);

	if (rc == 1)
		*out = mem_strdup(value);
	return rc < 0 ? -1 : 0;
}

static int get_number(struct conf *conf, const char *path, long long max,
		      long long *out, struct berth_error *err)
{
	return conf_int(conf, path, 0, max, out, err) < 0 ? -1 : 0;
}

static int get_numbers(struct broker_conf *c, struct conf *conf,
		       struct berth_error *err)
{
	enum { PORT, EXPIRY, LEND, BEAT, SILENCE, LOSS, AWAY, HANG, MOST, JOBS, EVENTS, COUNT };
	static const struct {
		const char *path;
		long long max;
	} at[COUNT] = {
		[PORT] = {"broker.port", 65535},
		[EXPIRY] = {"broker.offer_expiry_ms", 3600000},
		[LEND] = {"broker.lend_after_ms", 86400000},
		[BEAT] = {"broker.heartbeat_ms", 3600000},
		[SILENCE] = {"broker.heartbeat_timeout_ms", 3600000},
		[LOSS] = {"broker.node_timeout_ms", 86400000},
		[AWAY] = {"broker.failover_ms", 604800000},
		[HANG] = {"broker.framework_timeout_ms", 3600000},
		[MOST] = {"broker.max_jobs", 100000000},
		[JOBS] = {"broker.keep_jobs", 100000000},
		[EVENTS] = {"broker.keep_events", 100000000},
	};
	long long v[COUNT] = {0};

	for (int i = 0; i < COUNT; i++) {
		if (get_number(conf, at[i].path, at[i].max, &v[i], err) < 0)
			return -1;
	}
	c->port = (unsigned)v[PORT];
	c->offer_expiry_ms = (uint32_t)v[EXPIRY];
	c->lend_after_ms = (uint32_t)v[LEND];
	c->heartbeat_ms = (uint32_t)v[BEAT];
	c->heartbeat_timeout_ms = (uint32_t)v[SILENCE];
	c->node_timeout_ms = (uint32_t)v[LOSS];
	c->failover_ms = (uint32_t)v[AWAY];
	c->framework_timeout_ms = (uint32_t)v[HANG];
	c->max_jobs = (size_t)v[MOST];
	c->keep_jobs = (size_t)v[JOBS];
	c->keep_events = (size_t)v[EVENTS];
	return 0;
}

static int get_frameworks(struct broker_conf *c, struct conf *conf,
			  struct berth_error *err)
{
	int n = conf_length(conf, "broker.frameworks", err);
	char path[64];

	if (n <= 0)
		return n;
	c->frameworks = mem_array((size_t)n + 1, sizeof(char *));
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "broker.frameworks.[%d]", i);
		if (get_string(conf, path, &c->frameworks[i], err) < 0)
			return -1;
	}
	return 0;
}

static int get_labels(struct broker_conf *c, struct conf *conf,
		      struct berth_error *err)
{
	int n = conf_length(conf, "labels", err);

	if (n <= 0)
		return n;
	c->labels = mem_array((size_t)n + 1, sizeof(char *));
	for (int i = 0; i < n; i++) {
		const char *name = conf_member(conf, "labels", i), *value = "";
		char *path;
		int rc;

		if (name == NULL)
			return error_set(err, BERTH_EINPUT,
					 "%s: labels are written "
					 "{ name = \"value\"; }",
					 conf_where(conf, "labels"));
		path = mem_printf("labels.%s", name);
		rc = conf_string(conf, path, &value, err);
		free(path);
		if (rc < 0)
			return -1;
		c->labels[i] = mem_printf("%s=%s", name, value);
	}
	return 0;
}

/* Read here, so that what is wrong with it is heard of before the rank is one
 * that leads. */
static int get_switches(struct broker_conf *c, struct conf *conf,
			struct berth_error *err)
{
	static const char path[] = "broker.topology_conf";
	struct switches *s;
	size_t len;

	if (get_string(conf, path, &c->topology_conf, err) < 0)
		return -1;
	if (c->topology_conf == NULL)
		return 0;
	if (c->topology_conf[0] != '/')
		return error_set(err, BERTH_EINPUT,
				 "%s: %s: say the whole path, from / on",
				 conf_where(conf, path), path);
	c->switches = whole_file_read(c->topology_conf, SWITCHES_MAX, &len,
				      err);
	if (c->switches == NULL) {
		err->code = BERTH_EINPUT;
		return error_prefix(err, "%s: %s", conf_where(conf, path),
				    path);
	}
	s = switches_parse(c->switches, c->topology_conf, err);
	switches_destroy(s);
	return s != NULL ? 0 : -1;
}

/* A year: the launchers' own limit. */
#define ORPHAN_MAX_MS (365LL * 24 * 3600 * 1000)

/* These are for `berth up`; a rank under mpirun needs the network alone. */
static int get_launcher(struct broker_conf *c, struct conf *conf,
			struct berth_error *err)
{
	const char *unused;
	long long number;

	if (get_string(conf, "launcher.network", &c->network, err) < 0 ||
	    conf_string(conf, "launcher.folder", &unused, err) < 0 ||
	    conf_string(conf, "launcher.rsh", &unused, err) < 0 ||
	    conf_int(conf, "launcher.orphan_after_ms", 0, ORPHAN_MAX_MS, &number,
		     err) < 0)
		return -1;
	return 0;
}

static int read_file(struct broker_conf *c, struct berth_error *err)
{
	struct conf *conf;
	int rc;

	if (c->conf_path == NULL)
		return 0;
	conf = conf_read(c->conf_path, err);
	if (conf == NULL)
		return -1;
	rc = get_string(conf, "broker.policy", &c->policy, err);
	if (rc == 0)
		rc = get_string(conf, "broker.host", &c->host, err);
	if (rc == 0)
		rc = get_string(conf, "broker.event_log", &c->event_log, err);
	if (rc == 0)
		rc = get_string(conf, "forget_voters", &c->forget_voters, err);
	if (rc == 0)
		rc = get_numbers(c, conf, err);
	if (rc == 0)
		rc = get_frameworks(c, conf, err);
	if (rc == 0)
		rc = get_labels(c, conf, err);
	if (rc == 0)
		rc = role_conf_read(conf, &c->roles, &c->nroles, err);
	if (rc == 0)
		rc = get_switches(c, conf, err);
	if (rc == 0)
		rc = get_launcher(c, conf, err);
	if (rc == 0)
		rc = conf_done(conf, err);
	conf_destroy(conf);
	return rc;
}

int broker_conf_init(struct broker_conf *c, const struct broker_options *o,
		     struct berth_error *err)
{
	memset(c, 0, sizeof(*c));
	if (find_places(c, o, err) < 0)
		goto fail;
	c->conf_path = told(o->conf, "BERTH_CONF");
	if (c->conf_path == NULL)
		c->conf_path = file_in(c->node_dir, "berth.conf");
	if (c->conf_path == NULL)
		c->conf_path = file_in(c->state_dir, "berth.conf");
	if (read_token(c, err) < 0 || read_file(c, err) < 0)
		goto fail;
	if (getenv("BERTH_ADDRESS"))
		broker_conf_reach(c, getenv("BERTH_ADDRESS"));
	return 0;
fail:
	broker_conf_finish(c);
	return -1;
}

void broker_conf_reach(struct broker_conf *c, const char *address)
{
	size_t n = strcspn(address, ":");

	if (c->host == NULL && n > 0 && strncmp(address, "127.", 4) != 0)
		c->host = mem_strndup(address, n);
}

void broker_conf_finish(struct broker_conf *c)
{
	free(c->node);
	free(c->node_dir);
	free(c->state_dir);
	free(c->berth);
	free(c->topology);
	free(c->conf_path);
	free(c->token);
	free(c->network);
	free(c->policy);
	free(c->host);
	free(c->topology_conf);
	free(c->switches);
	free(c->event_log);
	free(c->forget_voters);
	mem_strv_free(c->frameworks);
	mem_strv_free(c->labels);
	role_conf_free(c->roles, c->nroles);
	memset(c, 0, sizeof(*c));
}
