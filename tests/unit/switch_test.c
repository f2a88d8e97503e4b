/* switch_test.c - topology.conf in Slurm's format. */
#include "model/switch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void test_tree(void)
{
	struct berth_error err = {0};
	struct switches *s = switches_parse(
		"# two leaves\r\n\n"
		"SwitchName=s0 Nodes=n[1-3,7] LinkSpeed=100\n"
		"switchname=s1 \\\n  nodes=n[4-6],x  # more\n"
		"SwitchName=top Switches=s[0-1]", "t", &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(switches_count(s), 3);
	CU_ASSERT_EQUAL(switches_of(s, "n7"), 0);
	CU_ASSERT_EQUAL(switches_of(s, "x"), 1);
	CU_ASSERT_EQUAL(switches_of(s, "n8"), -1);
	CU_ASSERT_EQUAL(switches_above(s, 0), 2);
	CU_ASSERT_EQUAL(switches_above(s, 1), 2);
	CU_ASSERT_EQUAL(switches_above(s, 2), -1);
	CU_ASSERT_STRING_EQUAL(switches_name(s, 1), "s1");
	switches_destroy(s);
}

static void refuses(const char *text, const char *why)
{
	struct berth_error err = {0};

	CU_ASSERT_PTR_NULL(switches_parse(text, "t", &err));
	CU_ASSERT_EQUAL(error_exit_status(&err), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
	if (strstr(err.text, why) == NULL)
		printf("\n%s: %s\n", text, err.text);
}

static void test_bad(void)
{
	refuses("\nNodes=a\n", "t:2: SwitchName= is missing");
	refuses("SwitchName=a", "t:1: switch a: say Nodes= or Switches=");
	refuses("SwitchName=a \\\n\\\nNodes=a\nSwitchName=b Colour=red",
		"t:4: \"Colour\" is not known");
	refuses("SwitchName=a Nodes=n[1-", "t:1: Nodes: a ] is missing");
	refuses("SwitchName=a Nodes=x\nSwitchName=b Nodes=x",
		"t:2: node x is on switch a already");
	refuses("SwitchName=a Nodes=x\nSwitchName=a Nodes=y",
		"t:2: switch a is described in line 1");
	refuses("SwitchName=a Switches=b", "t:1: no line describes switch b");
	refuses("SwitchName=a Switches=b\nSwitchName=b Switches=a",
		"t:2: switch a would be below itself");
	refuses("SwitchName=l Nodes=x\nSwitchName=a Switches=l\n"
		"SwitchName=b Switches=l", "t:3: switch l is below a already");
	refuses("SwitchName=a Nodes=x Nodes=y", "t:1: Nodes is said twice");
	refuses("hello", "t:1: \"hello\": KEYWORD=VALUE");
}

static const struct unit_test tests[] = {
	{"a tree", test_tree},
	{"bad", test_bad},
};

UNIT_MAIN("switches", tests)
