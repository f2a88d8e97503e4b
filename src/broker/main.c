/*
 * main.c - berthd: one rank of the broker, or what is on this node.
 */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_conf.h"
#include "broker/net.h"
#include "broker/own_launcher.h"
#include "broker/show_node.h"
#include "topo/topo.h"

enum { OPT_SHOW_NODE = 256, OPT_NODE, OPT_DIR, OPT_CONF, OPT_TOPOLOGY };

static const struct option options[] = {
	{"show-node", no_argument, NULL, OPT_SHOW_NODE},
	{"node", required_argument, NULL, OPT_NODE},
	{"dir", required_argument, NULL, OPT_DIR},
	{"conf", required_argument, NULL, OPT_CONF},
	{"topology", required_argument, NULL, OPT_TOPOLOGY},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static const char help[] =
	"Usage: berthd [--node NAME] [--dir DIR] [--conf FILE] [--topology T]\n"
	"       berthd --show-node [--topology T]\n"
	"One rank of a Berth; `berth up` starts one on each node, or\n"
	"mpirun -N 1 berthd.\n"
	"\n"
	"  --show-node     print what this node is made of, as JSON, and end\n"
	"  --node NAME     name of this node; default: $BERTH_NODE, host name\n"
	"  --dir DIR       state directory; default: $BERTH_STATE_DIR,\n"
	"                  ~/.berth/default\n"
	"  --conf FILE     configuration; default: berth.conf in the state\n"
	"                  directory\n"
	"  --topology T    an hwloc XML file, or a synthetic description such\n"
	"                  as \"pack:2 core:8 pu:2\", instead of this machine;\n"
	"                  then nothing is bound\n"
	"  -V, --version   print the version\n"
	"  -h, --help      print this\n";

struct program {
	struct broker_options given;
	bool show_node;
};

/* Returns -1 to go on, else an exit status. */
static int parse(struct program *p, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "Vh", options, NULL)) != -1) {
		switch (c) {
		case OPT_SHOW_NODE:
			p->show_node = true;
			break;
		case OPT_NODE:
			p->given.node = optarg;
			break;
		case OPT_DIR:
			p->given.dir = optarg;
			break;
		case OPT_CONF:
			p->given.conf = optarg;
			break;
		case OPT_TOPOLOGY:
			p->given.topology = optarg;
			break;
		case 'V':
			puts("berthd " PACKAGE_VERSION);
			return 0;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs("berthd --help lists the options\n", stderr);
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "berthd: \"%s\" is one word too many; berthd --help "
			"lists the options\n", argv[optind]);
	return 2;
}

static int fail(const struct berth_error *err)
{
	fprintf(stderr, "berthd: %s\n", err->text);
	return error_exit_status(err);
}

/* Without a launcher above us: find or start one, and be reached where it
 * is. */
static int find_launcher(struct broker_conf *conf, struct berth_error *err)
{
	char *address;

	if (conf->hosted)
		return 0;
	if (own_launcher_ensure(conf, &address, err) < 0)
		return -1;
	broker_conf_reach(conf, address);
	free(address);
	return 0;
}

/* Does not return when all goes well: see broker_exit. */
static int serve(struct broker_conf *conf, struct berth_error *err)
{
	/* mpirun binds a rank as it likes; that is not the allocation. */
	unsigned flags = conf->hosted ? 0 : TOPO_IGNORE_BINDING;
	const struct topology *topology;
	struct broker *broker;
	struct loop *loop;
	struct net *net;
	char *xml = NULL;

	/* Before MPI: its library brings threads. */
	if (find_launcher(conf, err) < 0)
		return -1;
	topology = topo_load(conf->topology, flags, &xml, err);
	if (topology == NULL)
		return -1;
	loop = loop_create(err);
	if (loop == NULL)
		return -1;
	net = net_mpi_create(loop, conf->node, err);
	if (net == NULL)
		return -1;
	broker = broker_create(loop, net, conf, topology, xml, err);
	if (broker == NULL) {
		fail(err);
		net_mpi_exit(net, error_exit_status(err));
	}
	free(xml);
	log_info("rank of node %s: %zu cores", conf->node, topology->ncores);
	broker_exit(broker, broker_run(broker));
}

int main(int argc, char **argv)
{
	struct program program = {0};
	struct berth_error err = {0};
	struct broker_conf conf;
	char name[80];
	int rc = parse(&program, argc, argv);

	if (rc >= 0)
		return rc;
	if (program.show_node) {
		rc = show_node(program.given.topology, stdout, &err);
		return rc < 0 ? fail(&err) : 0;
	}
	if (broker_conf_init(&conf, &program.given, &err) < 0)
		return fail(&err);
	snprintf(name, sizeof(name), "berthd %s", conf.node);
	log_init(name, LOG_LVL_INFO);
	signal(SIGPIPE, SIG_IGN);
	rc = serve(&conf, &err) < 0 ? fail(&err) : 1;
	broker_conf_finish(&conf);
	return rc;
}
