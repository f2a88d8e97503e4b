/* layout_test.c - gangs below few switches, on few nodes, in equal parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ledger_rig.h"
#include "unit.h"

/* Three levels: rooms r0 and r1 below the top, leaves l0 and l1 below r0, l2
 * and l3 below r1, nodes n0 and n1 on l0, n2 and n3 on l1, and so on; n8 and
 * n9 are not named.  4 cores each. */
#define NODES 10
static const char tree[] = "SwitchName=l0 Nodes=n[0-1]\n"
			   "SwitchName=l1 Nodes=n[2-3]\n"
			   "SwitchName=r0 Switches=l[0-1]\n"
			   "SwitchName=l2 Nodes=n[4-5]\n"
			   "SwitchName=l3 Nodes=n[6-7]\n"
			   "SwitchName=r1 Switches=l[2-3]\n";

static struct ledger_rig rig;
static unsigned units[NODES]; /* of the last gang, by node */

static void switches(const char *text)
{
	struct switches *s = switches_parse(text, "t", &rig.err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	ledger_switches(rig.l, s);
	CU_ASSERT_EQUAL(ledger_check(rig.l, &rig.err), 0);
}

static void start(void)
{
	struct topology_shape shape = {.packages = 1, .cores = 4, .mib = 1000};

	ledger_rig_init(&rig, &shape, 0, NULL);
	for (unsigned i = 0; i < NODES; i++) {
		/* Some come after the switches are known. */
		if (i == NODES / 2)
			switches(tree);
		ledger_rig_node(&rig, i, NULL, 0);
	}
	ledger_rig_frameworks(&rig, "f");
}

static void finish(void)
{
	ledger_rig_finish(&rig);
}

static struct demand *gang(unsigned count, enum layout layout)
{
	struct demand *d = demand_create("d");

	d->count = d->max = count;
	d->gang = true;
	d->packing = PACKING_PACK;
	d->layout = layout;
	return d;
}

static void count_by_node(void *arg, const struct slice *s)
{
	(void)arg;
	units[s->node->id] += s->units;
}

/* State it, accept what is offered.  On how many nodes? */
static unsigned place(struct demand *d)
{
	unsigned nodes = 0;

	memset(units, 0, sizeof(units));
	ledger_rig_state(&rig, "f", d);
	ledger_rig_rounds(&rig);
	ledger_rig_take(&rig, "f", count_by_node, NULL);
	for (int i = 0; i < NODES; i++)
		nodes += units[i] > 0;
	return nodes;
}

/* So many cores of this node are somebody's. */
static void fill(const char *node, unsigned cores)
{
	struct demand *d = demand_create("fill");
	char *list[1] = {(char *)node};

	d->count = d->max = cores;
	d->nodes = mem_strv_dup(list, 1);
	CU_ASSERT_EQUAL(place(d), 1);
}

static unsigned on(int from, int to)
{
	unsigned sum = 0;

	for (int i = from; i <= to; i++)
		sum += units[i];
	return sum;
}

static void test_leaf(void)
{
	struct demand *d;

	start();
	/* n1, n3 and n5 are not as empty as the others, l3 is idle: of the
	 * leaves that have room, the one with least to spare. */
	fill("n1", 2);
	fill("n3", 1);
	fill("n5", 1);
	CU_ASSERT_EQUAL(place(gang(6, LAYOUT_SWITCHES)), 2);
	CU_ASSERT_EQUAL(on(0, 1), 6);
	/* The next one has no leaf to choose but l1, l2, l3. */
	CU_ASSERT_EQUAL(place(gang(7, LAYOUT_ANY)), 2);
	CU_ASSERT_EQUAL(on(2, 3), 7);
	/* One on each of two nodes. */
	fill("n4", 1);
	fill("n6", 1);
	d = gang(2, LAYOUT_ANY);
	d->per_node = 1;
	CU_ASSERT_EQUAL(place(d), 2);
	CU_ASSERT_EQUAL(units[4] + units[5], 2);
	finish();
}

static void test_up(void)
{
	struct demand *d;

	start();
	fill("n0", 1);
	/* No leaf has ten, each room has: r0 has less to spare. */
	CU_ASSERT_EQUAL(place(gang(10, LAYOUT_ANY)), 3);
	CU_ASSERT_EQUAL(on(0, 3), 10);
	/* And of its leaves the emptier one is used whole. */
	CU_ASSERT_EQUAL(on(2, 3), 8);
	/* Beyond the rooms there is the top. */
	CU_ASSERT_EQUAL(place(gang(20, LAYOUT_ANY)), 5);
	CU_ASSERT_EQUAL(on(0, NODES - 1), 20);
	finish();

	start();
	/* What no switch has is met anyway, with constraints kept. */
	d = gang(4, LAYOUT_SWITCHES);
	d->per_node = 2;
	d->nodes = mem_alloc(3 * sizeof(char *));
	d->nodes[0] = mem_strdup("n0");
	d->nodes[1] = mem_strdup("n6");
	CU_ASSERT_EQUAL(place(d), 2);
	CU_ASSERT_EQUAL(units[0], 2);
	CU_ASSERT_EQUAL(units[6], 2);
	finish();
}

static void test_soft(void)
{
	struct demand *d;

	start();
	fill("n1", 2);
	fill("n3", 2);
	fill("n5", 2);
	fill("n7", 2);
	fill("n9", 2);
	/* Few nodes: two that are idle, whatever lies between them. */
	CU_ASSERT_EQUAL(place(gang(8, LAYOUT_NODES)), 2);
	finish();

	start();
	/* To be spread goes before few switches. */
	d = gang(4, LAYOUT_SWITCHES);
	d->packing = PACKING_SPREAD;
	CU_ASSERT_EQUAL(place(d), 4);
	CU_ASSERT_TRUE(on(0, 3) == 4 || on(4, 7) == 4);
	/* Preferred nodes, too. */
	d = gang(8, LAYOUT_ANY);
	d->prefer_nodes = mem_alloc(3 * sizeof(char *));
	d->prefer_nodes[0] = mem_strdup("n8");
	d->prefer_nodes[1] = mem_strdup("n9");
	CU_ASSERT_EQUAL(place(d), 2);
	CU_ASSERT_EQUAL(on(8, 9), 8);
	finish();
}

static void test_unnamed(void)
{
	start();
	for (int i = 0; i < 8; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		fill(name, 3);
	}
	/* Only below the top, where n8 and n9 hang, there is enough. */
	CU_ASSERT_EQUAL(place(gang(8, LAYOUT_SWITCHES)), 2);
	CU_ASSERT_EQUAL(on(8, 9), 8);
	/* Nodes that are gone hang nowhere. */
	CU_ASSERT_EQUAL(ledger_node_lost(rig.l, "n0", "t", rig.now, NULL), 0);
	CU_ASSERT_EQUAL(ledger_check(rig.l, &rig.err), 0);
	CU_ASSERT_EQUAL(place(gang(2, LAYOUT_SWITCHES)), 2);
	CU_ASSERT_TRUE(on(2, 3) == 2 || on(4, 5) == 2 || on(6, 7) == 2);
	/* Other switches, and none. */
	switches("SwitchName=s Nodes=n[1,6]\n");
	ledger_switches(rig.l, NULL);
	finish();
}

static void test_equal(void)
{
	start();
	/* Ten would be 4, 4 and 2; five on a node there are not. */
	CU_ASSERT_EQUAL(place(gang(10, LAYOUT_EQUAL)), 5);
	for (int i = 0; i < NODES; i++)
		CU_ASSERT_TRUE(units[i] == 0 || units[i] == 2);
	/* Six: 3 and 3 on nodes that are idle. */
	CU_ASSERT_EQUAL(place(gang(6, LAYOUT_EQUAL)), 2);
	for (int i = 0; i < NODES; i++)
		CU_ASSERT_TRUE(units[i] == 0 || units[i] == 3);
	/* 24 cores are left, on 10 nodes: eleven can't be equal there but for
	 * one each, and there are not so many nodes.  Met all the same. */
	place(gang(11, LAYOUT_EQUAL));
	CU_ASSERT_EQUAL(on(0, NODES - 1), 11);
	finish();
}

static void test_names(void)
{
	enum layout l = LAYOUT_EQUAL;

	for (enum layout i = LAYOUT_ANY; i <= LAYOUT_EQUAL; i++) {
		CU_ASSERT_EQUAL(layout_parse(layout_name(i), &l, NULL), 0);
		CU_ASSERT_EQUAL(l, i);
	}
	CU_ASSERT_EQUAL(layout_parse("leaves", &l, &rig.err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "switches, nodes, equal"));
}

static const struct unit_test tests[] = {
	{"the lowest switch, the fullest", test_leaf},
	{"higher switches", test_up},
	{"other wishes", test_soft},
	{"nodes on no switch", test_unnamed},
	{"equal parts", test_equal},
	{"names", test_names},
};

UNIT_MAIN("layout", tests)
