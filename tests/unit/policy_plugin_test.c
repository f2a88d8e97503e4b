/* policy_plugin_test.c - policies from shared objects. */
#include "broker/policy_plugin.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ledger/ledger.h"
#include "unit.h"

static void refused(const char *name, const char *text)
{
	struct berth_error err = {0};

	CU_ASSERT_PTR_NULL(policy_plugin_load(name, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
	CU_ASSERT_PTR_NULL(strchr(err.text, '\n'));
	if (strstr(err.text, text) == NULL)
		printf("\n%s\n", err.text);
}

static void test_refused(void)
{
	char text[40];

	snprintf(text, sizeof(text), "built for version %d", POLICY_ABI + 7);
	refused("tests/unit/.libs/bad_policy_abi.so", text);
	refused("tests/unit/.libs/bad_policy_symbol.so", "exports no");
	refused("./not-there.so", "not-there.so");
	refused("no-such", "fifo, drf, lottery, static");
}

/* It decides as it says: the last demand gets the only node. */
static void test_decides(void)
{
	struct topology_shape shape = {.packages = 1, .cores = 4, .mib = 1000};
	struct berth_error err;
	struct ledger_options o = {
		.policy = policy_plugin_load(
			"tests/unit/.libs/good_policy.so", &err),
	};
	struct topology *t = topology_create_regular(&shape);
	struct ledger *l;
	struct rand_state rand;

	CU_ASSERT_PTR_NOT_NULL_FATAL(o.policy);
	CU_ASSERT_STRING_EQUAL(o.policy->name, "newest");
	l = ledger_create(&o);
	rand_seed(&rand, 1);
	ledger_node_up(l, "n", t, NULL, 0, true, 1, NULL);
	ledger_register(l, "f", "f", "s", 1, 1, NULL);
	for (int i = 0; i < 2; i++) {
		struct demand *d = demand_create(i == 0 ? "old" : "new");

		d->count = d->max = 4;
		CU_ASSERT_EQUAL(ledger_demand(l, "f", d, 2, NULL), 0);
		demand_destroy(d);
	}
	ledger_round(l, 3, &rand);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ledger_first_offer(l));
	CU_ASSERT_STRING_EQUAL(ledger_first_offer(l)->demand_id, "new");
	CU_ASSERT_EQUAL(ledger_first_offer(l)->units, 4);
	ledger_destroy(l);
	topology_unref(t);
}

static const struct unit_test tests[] = {
	{"refused objects", test_refused},
	{"one that decides", test_decides},
};

UNIT_MAIN("policy plug-ins", tests)
