/*
 * job_sim.h - a whole Berth in one process on a simulated clock, from a seed:
 * real ranks (broker.h) with all that they hold, a real framework host with
 * the batch plug-in, clients over HTTP.  Simulated are time (sim_loop.c), the
 * disks of the agreement and its messages (job_sim_agree.c), and the
 * launchers, whose tasks only pretend to run (job_sim_node.c).
 */
#ifndef TESTS_UNIT_JOB_SIM_H
#define TESTS_UNIT_JOB_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "agree_sim.h"
#include "base/rand.h"
#include "broker/agree.h"
#include "broker/broker.h"
#include "io/loop.h"

enum { JOB_SIM_RANKS = 5 };
#define JOB_SIM_TOKEN "a-token-for-simulations"

struct job_sim_result {
	uint64_t tasks, leaders, crashes, kills, answers, messages;
	double seconds;	   /* simulated */
	char failure[512]; /* "": all is as it should be */
};

/* One schedule; verbose: say what happens. */
void job_sim_run(uint64_t seed, bool verbose, struct job_sim_result *out);

/* ---- between the parts ---- */

struct sim_node; /* a launcher and what it runs */
struct sim_client;

struct sim_rank {
	char name[12];
	struct world *world;
	char *dir;
	struct broker_conf conf;
	struct net *net;
	struct broker *broker; /* NULL: it is down */
	struct agree *agree;   /* of it */
	struct sim_disk *disk;
	struct sim_node *node;
	uint64_t boot_at;
};

struct world {
	struct rand_state rand;
	struct loop *loop;
	struct net_hub *hub;
	struct topology *topology; /* of all nodes */
	char *xml;
	struct sim_rank rank[JOB_SIM_RANKS];
	unsigned n;
	bool cut[JOB_SIM_RANKS][JOB_SIM_RANKS]; /* for the agreement */
	unsigned drop, dup, delay_ms; /* percent, percent, most */
	struct sim_client *client;
	int leader; /* that acted last; -1: none yet */
	bool verbose;
	struct job_sim_result *out;
};

/* The one that runs; what the parts are given is too little to find it. */
extern struct world *world;

uint64_t sim_chance(uint64_t n);
void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sim_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
struct sim_rank *sim_rank_of(const char *node);

/* job_sim_node.c */
struct sim_node *sim_node_create(struct sim_rank *rank);
void sim_node_destroy(struct sim_node *n);
/* All launchers hear that this rank has ended. */
void sim_node_rank_died(const char *node);

/* job_sim_client.c: submits so many jobs, each until it has an answer. */
struct sim_client *sim_client_create(unsigned jobs);
void sim_client_destroy(struct sim_client *c);
/* Have all been answered, and have they all ended? */
bool sim_client_done(struct sim_client *c);
/* From now on ask how the jobs are. */
void sim_client_ask(struct sim_client *c);
/* What is wrong now that it should be done. */
void sim_client_check(struct sim_client *c);

#endif
