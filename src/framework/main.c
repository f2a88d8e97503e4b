/*
 * berth-framework - the host of one framework plugin.
 *
 * Loads the plugin, registers it with the broker at BERTH_URI and serves it
 * until SIGTERM.  Exit status: 0 after SIGTERM or SIGINT, 2 for what the user
 * can mend (no such plugin, another ABI, a wrong token), else 1.
 */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "framework/host.h"
#include "framework/plugin_file.h"

static const char usage[] =
	"Usage: berth-framework [OPTION]... [--plugin] PLUGIN\n"
	"Run the framework PLUGIN (a name, or the path of its file) against\n"
	"the broker at $BERTH_URI with the token $BERTH_TOKEN.\n"
	"\n"
	"  --name NAME         register under this name (default: the plugin's)\n"
	"  --role ROLE         share as this role (default: \"default\")\n"
	"  --failover-ms MS    keep tasks and slices so long without us\n"
	"                      (default: as the broker is set, 60000)\n"
	"  --check             load and check the plugin, then exit\n"
	"  --help, --version\n";

struct options {
	const char *plugin, *name, *role;
	unsigned failover_ms;
	bool check;
};

struct run {
	struct loop *loop;
	int status;
};

static int parse_ms(const char *text, unsigned *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || v > 86400000)
		return -1;
	*out = (unsigned)v;
	return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "plugin", required_argument, NULL, 'p' },
		{ "name", required_argument, NULL, 'n' },
		{ "role", required_argument, NULL, 'r' },
		{ "failover-ms", required_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while (true) {
		c = getopt_long(argc, argv, "", longs, NULL);
		if (c < 0)
			break;
		switch (c) {
		case 'p':
			o->plugin = optarg;
			break;
		case 'n':
			o->name = optarg;
			break;
		case 'r':
			o->role = optarg;
			break;
		case 'c':
			o->check = true;
			break;
		case 'f':
			if (parse_ms(optarg, &o->failover_ms) == 0)
				break;
			fprintf(stderr,
				"berth-framework: --failover-ms %s: not a "
				"number from 0 to 86400000\n",
				optarg);
			return 2;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("berth-framework " PACKAGE_VERSION);
			exit(0);
		default:
			return 2;
		}
	}
	if (!o->plugin && optind < argc)
		o->plugin = argv[optind++];
	if (!o->plugin || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	return 0;
}

static void on_signal(void *arg, int signo)
{
	struct run *r = arg;

	r->status = 0;
	loop_stop(r->loop);
}

static void on_failed(void *arg, const struct berth_error *err)
{
	struct run *r = arg;

	log_error("%s", err->text);
	r->status = error_exit_status(err);
	loop_stop(r->loop);
}

static int serve(const struct options *o, const struct berth_plugin *plugin,
		 struct berth_error *err)
{
	const char *epoch = getenv("BERTH_EPOCH");
	struct host_config config = {
		.plugin = plugin,
		.uri = getenv("BERTH_URI"),
		.token = getenv("BERTH_TOKEN"),
		.name = o->name,
		.role = o->role,
		.failover_ms = o->failover_ms,
		.epoch = epoch ? strtoull(epoch, NULL, 10) : 0,
	};
	struct loop_signal *term = NULL, *intr = NULL;
	struct run run = { .status = -1 };
	struct berth_host *host = NULL;

	if (!config.uri || !config.token)
		return error_set(err, BERTH_EINPUT,
				 "%s is not set: where is the broker?",
				 config.uri ? "BERTH_TOKEN" : "BERTH_URI");
	run.loop = loop_create(err);
	if (!run.loop)
		return -1;
	term = loop_signal_create(run.loop, SIGTERM, on_signal, &run);
	intr = loop_signal_create(run.loop, SIGINT, on_signal, &run);
	host = host_create(run.loop, &config, on_failed, &run, err);
	if (host && loop_run(run.loop, err) < 0)
		run.status = -1;
	host_destroy(host);
	loop_signal_destroy(intr);
	loop_signal_destroy(term);
	loop_destroy(run.loop);
	return run.status;
}

int main(int argc, char **argv)
{
	struct options o = { .role = "default", .failover_ms = SESSION_FAILOVER };
	struct berth_error err = { 0 };
	struct plugin_file *file;
	char *log_name;
	int status;

	status = parse(argc, argv, &o);
	if (status)
		return status;
	signal(SIGPIPE, SIG_IGN);
	file = plugin_file_open(o.plugin, &err);
	if (!file) {
		fprintf(stderr, "berth-framework: %s\n", err.text);
		return error_exit_status(&err);
	}
	if (o.check) {
		plugin_file_close(file);
		return 0;
	}
	log_name = mem_printf("framework %s", plugin_file_get(file)->name);
	log_init(log_name, LOG_LVL_INFO);
	free(log_name);
	status = serve(&o, plugin_file_get(file), &err);
	if (status < 0) {
		log_error("%s", err.text);
		status = error_exit_status(&err);
	}
	plugin_file_close(file);
	return status;
}
