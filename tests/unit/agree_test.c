/* agree: on a real folder and the net's in-process twin. */
#include "broker/agree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "broker/agree_disk.h"
#include "broker/agree_log.h"
#include "unit.h"

enum { RANKS = 5, LIMIT_US = 20000000 };

struct rank {
	char *node, *dir;
	struct net *net;
	struct agree *agree;
	char state[65536]; /* every record, one after the other */
	uint64_t applied;
	bool leading, peers_up;
	char leader[32];
	unsigned done, lost;
};

static struct rig {
	struct loop *loop;
	struct net_hub *hub;
	struct rank rank[RANKS];
	char dir[64];
	unsigned n;
} rig;

/* ---- handlers ---- */

static void on_applied(void *arg, uint64_t index, uint64_t term,
		       const void *data, size_t len)
{
	struct rank *r = arg;

	CU_ASSERT_EQUAL(index, r->applied + 1);
	r->applied = index;
	strncat(r->state, data, len);
}

static void on_leading(void *arg, uint64_t term)
{
	struct rank *r = arg;

	r->leading = true;
	snprintf(r->leader, sizeof(r->leader), "%s", r->node);
}

static void on_following(void *arg, const char *leader, uint64_t term)
{
	struct rank *r = arg;

	r->leading = false;
	snprintf(r->leader, sizeof(r->leader), "%s", leader ? leader : "");
}

static void on_snapshot(void *arg, struct buf *out)
{
	struct rank *r = arg;

	buf_puts(out, r->state);
}

static int on_restore(void *arg, const void *data, size_t len,
		      struct berth_error *err)
{
	struct rank *r = arg;

	memcpy(r->state, data, len);
	r->state[len] = '\0';
	r->applied = 0;
	for (const char *p = r->state; *p; p++)
		r->applied += *p == '.';
	return 0;
}

static const struct agree_events events = {on_applied, on_leading,
					   on_following, on_snapshot,
					   on_restore};

static void net_up(void *arg, const char *node)
{
	struct rank *r = arg;

	if (r->agree)
		agree_peer_up(r->agree, node);
}

static void net_down(void *arg, const char *node, const char *why)
{
	struct rank *r = arg;

	if (r->agree)
		agree_peer_down(r->agree, node);
}

static void net_message(void *arg, const char *node, const Berth__Msg *msg)
{
	struct rank *r = arg;

	if (r->agree && msg->body_case == BERTH__MSG__BODY_AGREE)
		agree_message(r->agree, node, msg->agree);
}

static const struct net_events net_handlers = {net_up, net_down, net_message};

/* ---- the rig ---- */

static void start_agree_as(struct rank *r, bool forget_others)
{
	struct berth_error err = {0};
	const struct agree_config config = {.dir = r->dir,
					    .snapshot_entries = 50,
					    .segment_bytes = 16384,
					    .forget_others = forget_others};

	r->state[0] = '\0';
	r->applied = 0;
	r->leading = false;
	r->leader[0] = '\0';
	r->agree = agree_create(rig.loop, r->net, &config, &events, r, &err);
	if (r->agree == NULL)
		fprintf(stderr, "%s\n", err.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->agree);
}

static void start_agree(struct rank *r)
{
	start_agree_as(r, false);
}

static void rig_start(unsigned n)
{
	memset(&rig, 0, sizeof(rig));
	snprintf(rig.dir, sizeof(rig.dir), "/tmp/agree_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(rig.dir));
	rig.loop = loop_create(NULL);
	rig.hub = net_hub_create(rig.loop);
	rig.n = n;
	for (unsigned i = 0; i < n; i++) {
		struct rank *r = &rig.rank[i];

		r->node = mem_printf("node%u", i);
		r->dir = mem_printf("%s/%s", rig.dir, r->node);
		r->net = net_local_create(rig.hub, r->node, NULL);
		start_agree(r);
	}
	for (unsigned i = 0; i < n; i++)
		net_start(rig.rank[i].net, &net_handlers, &rig.rank[i]);
	CU_ASSERT_TRUE(agree_blank(rig.rank[0].agree));
	CU_ASSERT_EQUAL(agree_bootstrap(rig.rank[0].agree, NULL), 0);
}

static void stop_rank(struct rank *r)
{
	agree_destroy(r->agree);
	r->agree = NULL;
}

static void rig_stop(void)
{
	char *rm = mem_printf("rm -rf %s", rig.dir);

	for (unsigned i = 0; i < rig.n; i++) {
		stop_rank(&rig.rank[i]);
		net_destroy(rig.rank[i].net);
		free(rig.rank[i].node);
		free(rig.rank[i].dir);
	}
	net_hub_destroy(rig.hub);
	loop_destroy(rig.loop);
	CU_ASSERT_EQUAL(system(rm), 0);
	free(rm);
}

/* Run the loop until it is so. */
#define WAIT(what)                                                             \
	do {                                                                   \
		uint64_t end = loop_now_us() + LIMIT_US;                       \
		while (!(what) && loop_now_us() < end)                         \
			loop_once(rig.loop, 10000, NULL);                      \
		CU_ASSERT_FATAL(!!(what));                                      \
	} while (0)

static struct rank *leader(void)
{
	for (unsigned i = 0; i < rig.n; i++) {
		if (rig.rank[i].agree && rig.rank[i].leading)
			return &rig.rank[i];
	}
	return NULL;
}

static void on_done(void *arg, enum agree_result result, uint64_t index)
{
	struct rank *r = arg;

	if (result == AGREE_OK) {
		CU_ASSERT_TRUE(r->applied >= index);
		r->done++;
	} else {
		r->lost++;
	}
}

static void propose(struct rank *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		CU_ASSERT_EQUAL(agree_propose(r->agree, "ab.", 3, on_done, r,
					      NULL), 0);
}

static void set_voters(unsigned n)
{
	const char *nodes[RANKS];
	size_t have;

	for (unsigned i = 0; i < n; i++)
		nodes[i] = rig.rank[i].node;
	agree_set_voters(leader()->agree, nodes, n);
	WAIT((agree_voters(leader()->agree, &have), have == n));
	for (unsigned i = 0; i < n; i++)
		WAIT((agree_voters(rig.rank[i].agree, &have), have == n));
}

/* ---- tests ---- */

static void test_alone(void)
{
	struct rank *r = &rig.rank[0];
	struct berth_error err = {0};
	struct agree_stats st;
	char *big = mem_alloc(AGREE_RECORD_MAX + 1);

	rig_start(1);
	CU_ASSERT_EQUAL(agree_propose(r->agree, "x", 1, NULL, NULL, &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_EUNAVAIL);
	WAIT(r->leading);
	CU_ASSERT_TRUE(agree_lease_valid(r->agree));
	CU_ASSERT_EQUAL(agree_propose(r->agree, big, AGREE_RECORD_MAX + 1,
				      NULL, NULL, &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_ELIMIT);
	propose(r, 100);
	WAIT(r->done == 100);
	agree_stats(r->agree, &st);
	CU_ASSERT_EQUAL(st.applied, 100);
	CU_ASSERT_TRUE(st.syncs < 50); /* committed together */
	for (unsigned i = 0; i < 10; i++) {
		stop_rank(r);
		start_agree(r);
		WAIT(r->leading);
		CU_ASSERT_EQUAL(r->applied, 100 + 20 * i);
		for (unsigned k = 0; k < 20; k++) {
			propose(r, 1);
			WAIT(r->done == 101 + 20 * i + k);
		}
	}
	CU_ASSERT_EQUAL(strlen(r->state), 900);
	free(big);
	rig_stop();
}

static void test_three(void)
{
	struct rank *old;

	rig_start(5);
	WAIT(leader());
	propose(leader(), 10);
	WAIT(leader()->done == 10);
	set_voters(3);
	for (unsigned i = 0; i < 5; i++)
		WAIT(strcmp(rig.rank[i].leader, "node0") == 0);
	propose(leader(), 200);
	WAIT(rig.rank[0].done == 210);
	WAIT(rig.rank[1].applied == 210 && rig.rank[2].applied == 210);
	CU_ASSERT_EQUAL(rig.rank[3].applied, 0);

	/* The leader dies: another has everything. */
	old = leader();
	stop_rank(old);
	for (unsigned i = 1; i < 5; i++)
		agree_suspect(rig.rank[i].agree, old->node, true);
	WAIT(leader());
	CU_ASSERT_EQUAL(leader()->applied, 210);
	for (unsigned i = 1; i < 5; i++)
		WAIT(strcmp(rig.rank[i].leader, leader()->node) == 0);
	propose(leader(), 5);
	WAIT(leader()->applied == 215);

	/* It comes back. */
	start_agree(old);
	WAIT(old->applied == 215 && strcmp(old->leader, leader()->node) == 0);

	/* Somebody takes over. */
	old = leader();
	agree_step_down(old->agree);
	WAIT(!old->leading && leader());
	propose(leader(), 1);
	WAIT(leader()->applied == 216 && old->applied == 216);
	rig_stop();
}

/* Of three voters one is left: it waits, until somebody says that it is to go
 * on with what it knows. */
static void test_given_up(void)
{
	const struct agree_config config = {.dir = rig.dir,
					    .forget_others = true};
	struct rank *left = &rig.rank[1];
	struct berth_error err = {0};
	uint64_t term;
	size_t n;

	rig_start(4);
	WAIT(leader());
	set_voters(3);
	propose(leader(), 120); /* some in a snapshot */
	WAIT(left->applied == 120);
	term = agree_term(left->agree);
	for (unsigned i = 0; i < 3; i++)
		stop_rank(&rig.rank[i]);
	start_agree(left);
	for (unsigned i = 0; i < 100; i++)
		loop_once(rig.loop, 10000, NULL);
	CU_ASSERT_FALSE(left->leading);
	agree_voters(left->agree, &n);
	CU_ASSERT_EQUAL(n, 3);
	stop_rank(left);
	start_agree_as(left, true);
	WAIT(left->leading);
	CU_ASSERT_EQUAL(left->applied, 120);
	agree_voters(left->agree, &n);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_TRUE(agree_term(left->agree) > term + 999);
	propose(left, 10);
	WAIT(left->applied == 130);
	/* One that has kept its folder comes, and one that is new. */
	start_agree(&rig.rank[2]);
	agree_set_voters(left->agree,
			 (const char *const[]){"node1", "node2", "node3"}, 3);
	WAIT(rig.rank[2].applied == 130 && rig.rank[3].applied == 130);
	/* As after any restart. */
	stop_rank(left);
	start_agree(left);
	WAIT(left->applied == 130);
	CU_ASSERT_PTR_NULL(agree_create(rig.loop, rig.rank[0].net, &config,
					&events, &rig.rank[0], &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "nothing was agreed on"));
	rig_stop();
}

/* Two of three are not to vote any more, and one of them is dead: it goes
 * first, or the one that lives would be missing for the majority. */
static void test_fewer(void)
{
	const char *self;
	uint64_t silent;
	size_t n;

	rig_start(3);
	WAIT(leader());
	set_voters(3);
	propose(leader(), 1);
	WAIT(leader()->done == 1);
	CU_ASSERT_PTR_EQUAL_FATAL(leader(), &rig.rank[0]);
	stop_rank(&rig.rank[2]);
	silent = loop_now_us() + 300000;
	WAIT(loop_now_us() > silent);
	self = "node0";
	agree_set_voters(rig.rank[0].agree, &self, 1);
	WAIT((agree_voters(rig.rank[0].agree, &n), n == 1));
	propose(&rig.rank[0], 1);
	WAIT(rig.rank[0].done == 2);
	CU_ASSERT_TRUE(rig.rank[0].leading);
	rig_stop();
}

static void test_replaced(void)
{
	const char *nodes[3];
	size_t n;
	char *rm;

	rig_start(4);
	WAIT(leader());
	set_voters(3);
	for (unsigned i = 0; i < 30; i++) {
		propose(leader(), 3);
		WAIT(leader()->done == 3 * (i + 1));
	}

	/* One loses its files, and comes back as another voter. */
	stop_rank(&rig.rank[1]);
	rm = mem_printf("rm -rf %s", rig.rank[1].dir);
	CU_ASSERT_EQUAL(system(rm), 0);
	free(rm);
	start_agree(&rig.rank[1]);
	agree_peer_up(rig.rank[1].agree, "node0");
	WAIT(rig.rank[1].applied == 90);

	/* One goes for good, the fourth takes its place. */
	stop_rank(&rig.rank[2]);
	nodes[0] = "node0";
	nodes[1] = "node1";
	nodes[2] = "node3";
	agree_set_voters(leader()->agree, nodes, 3);
	WAIT(rig.rank[3].applied == 90);
	WAIT((agree_voters(leader()->agree, &n), n == 3) &&
	     strcmp(agree_voters(leader()->agree, &n)[2], "node3") == 0);
	stop_rank(&rig.rank[0]);
	WAIT(leader());
	CU_ASSERT_EQUAL(leader()->applied, 90);
	rig_stop();
}

/* The newest file of the log. */
static char *newest_log(const char *dir)
{
	char *cmd = mem_printf("ls %s/log-* | tail -1", dir);
	char line[256] = "";
	FILE *f = popen(cmd, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(line, sizeof(line), f));
	pclose(f);
	free(cmd);
	line[strcspn(line, "\n")] = '\0';
	return mem_strdup(line);
}

/* Where the records of a file end. */
static size_t log_end(const char *path)
{
	struct agree_log_record rec;
	struct buf b = {0};
	size_t at = 0;
	FILE *f = fopen(path, "r");

	b.len = fread(buf_reserve(&b, 1 << 16), 1, 1 << 16, f);
	fclose(f);
	while (agree_log_next(b.data, b.len, &at, &rec) > 0)
		;
	buf_finish(&b);
	return at;
}

/* A rank alone, stopped after ten records; its log's file. */
static char *ten_records(struct rank *r)
{
	rig_start(1);
	WAIT(r->leading);
	for (unsigned i = 0; i < 10; i++) {
		propose(r, 1);
		WAIT(r->done == i + 1);
	}
	stop_rank(r);
	return newest_log(r->dir);
}

static void write_at(const char *path, size_t at, const void *data, size_t len)
{
	FILE *f = fopen(path, "r+");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fseek(f, (long)at, SEEK_SET), 0);
	CU_ASSERT_EQUAL(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* A write of two records, of which a sector never came to the disk. */
static void test_torn(void)
{
	struct rank *r = &rig.rank[0];
	char *path = ten_records(r), data[1500];
	size_t end = log_end(path), hole = (end / 512 + 2) * 512 - end;
	struct buf b = {0};
	const struct agree_log_record rec = {AGREE_LOG_COMMAND, 1, 13, data,
					     sizeof(data)};

	memset(data, 'x', sizeof(data));
	agree_log_add(&b, &rec);
	agree_log_add(&b, &rec);
	memset(b.data + hole, 0, 512);
	write_at(path, end, b.data, b.len);
	start_agree(r);
	WAIT(r->leading);
	CU_ASSERT_EQUAL(r->applied, 10);
	stop_rank(r);
	CU_ASSERT_EQUAL(log_end(path), end);
	buf_finish(&b);
	free(path);
	rig_stop();
}

/* It does not start, and says why. */
static void refuses(struct rank *r, const char *why)
{
	const struct agree_config config = {.dir = r->dir};
	struct berth_error err = {0};

	r->agree = agree_create(rig.loop, r->net, &config, &events, r, &err);
	CU_ASSERT_PTR_NULL_FATAL(r->agree);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
}

/* What was confirmed is not forgotten in silence. */
static void test_damaged(void)
{
	static const char zeros[4096];
	struct rank *r = &rig.rank[0];
	char *path = ten_records(r), *state, kept[4096];
	size_t end = log_end(path);
	FILE *f = fopen(path, "r");

	CU_ASSERT_FATAL(end < sizeof(kept));
	CU_ASSERT_EQUAL(fread(kept, 1, end, f), end);
	fclose(f);
	/* Bits of the last record, of its head, of one in the middle. */
	write_at(path, end - 9, "?", 1);
	refuses(r, "is damaged at offset");
	write_at(path, 0, kept, end);
	write_at(path, end - 70, "?", 1);
	refuses(r, "in what was confirmed");
	write_at(path, 0, kept, end);
	write_at(path, 100, "?", 1);
	refuses(r, "is damaged at offset");
	/* All of the last is gone, as if it had not been written. */
	write_at(path, 0, kept, end);
	write_at(path, end - 64, zeros, 64);
	refuses(r, "truncate -s");
	CU_ASSERT_EQUAL(truncate(path, (off_t)log_end(path)), 0);
	start_agree(r);
	WAIT(r->leading);
	CU_ASSERT_EQUAL(r->applied, 9);
	stop_rank(r);
	/* Somebody cuts within a record. */
	free(path);
	path = newest_log(r->dir);
	end = log_end(path);
	CU_ASSERT_EQUAL(truncate(path, (off_t)(end - 5)), 0);
	start_agree(r);
	WAIT(r->leading);
	CU_ASSERT_EQUAL(r->applied, 9);
	stop_rank(r);
	/* A vote. */
	state = mem_printf("%s/state", r->dir);
	write_at(state, 9, "?", 1);
	refuses(r, "state is damaged");
	free(state);
	free(path);
	rig_stop();
}

static void test_locked(void)
{
	struct berth_error err = {0};
	const struct agree_config config = {.dir = "x"};
	struct agree_folder *f, *g;

	rig_start(1);
	f = agree_folder_create(rig.dir, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	g = agree_folder_create(rig.dir, &err);
	CU_ASSERT_PTR_NULL(g);
	CU_ASSERT_EQUAL(err.code, BERTH_ECONFLICT);
	agree_folder_destroy(f);
	(void)config;
	rig_stop();
}

static void test_choose(void)
{
	static const char *const nodes[] = {"a", "b", "c", "d", "e", "f"};
	static const char *const sw[] = {"s1", "s1", "s1", "s2", "s2", "s3"};
	static const char *const voters[] = {"b", "gone"};
	size_t out[AGREE_VOTERS_MAX];

	CU_ASSERT_EQUAL(agree_choose(nodes, sw, 0, NULL, 0, out), 0);
	CU_ASSERT_EQUAL(agree_choose(nodes, sw, 2, NULL, 0, out), 1);
	CU_ASSERT_EQUAL(agree_choose(nodes, sw, 4, voters, 2, out), 3);
	CU_ASSERT_EQUAL(out[0], 1); /* stays */
	CU_ASSERT_EQUAL(out[1], 3); /* another switch */
	CU_ASSERT_EQUAL(agree_choose(nodes, sw, 6, NULL, 0, out), 5);
	CU_ASSERT_EQUAL(out[0], 0);
	CU_ASSERT_EQUAL(out[1], 3);
	CU_ASSERT_EQUAL(out[2], 5);
	CU_ASSERT_EQUAL(agree_choose(nodes, NULL, 6, NULL, 0, out), 5);
	/* All on one switch: another one takes somebody's place, but not the
	 * leader's. */
	CU_ASSERT_EQUAL(agree_choose(nodes, sw, 4, nodes, 3, out), 3);
	CU_ASSERT_EQUAL(out[0], 0);
	CU_ASSERT_EQUAL(out[1], 3);
	CU_ASSERT_EQUAL(out[2], 1);
	/* Where it is the same, present voters stay. */
	CU_ASSERT_EQUAL(agree_choose(nodes, NULL, 4, nodes + 1, 3, out), 3);
	CU_ASSERT_EQUAL(out[0], 1);
	CU_ASSERT_EQUAL(out[1], 2);
	CU_ASSERT_EQUAL(out[2], 3);
}

static const struct unit_test tests[] = {
	{"one voter, restarts", test_alone},
	{"three voters, a dead leader, handing over", test_three},
	{"voters are replaced", test_replaced},
	{"voters are given up", test_given_up},
	{"fewer voters, one of them dead", test_fewer},
	{"a torn tail is cut", test_torn},
	{"what was confirmed is damaged", test_damaged},
	{"the folder is locked", test_locked},
	{"who should vote", test_choose},
};

UNIT_MAIN("agree", tests)
