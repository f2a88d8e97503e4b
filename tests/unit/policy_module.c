/* policy_module.c - a policy as a shared object: serves the newest demand
 * first; or (BAD_ABI, BAD_SYMBOL) one that is refused. */
#include "policy/policy.h"

static void newest_decide(void *scratch, struct view *v)
{
	struct decision dec;

	(void)scratch;
	decision_init(&dec);
	for (size_t i = v->ndemands; i-- > 0 && view_more(v);) {
		struct demand *d = v->demand[i];

		if (view_place(v, d, demand_least(d), demand_open(d), &dec) > 0)
			view_decide(v, &dec);
	}
	decision_finish(&dec);
}

#ifdef BAD_SYMBOL
#define berth_policy berth_something
#endif
extern const struct policy berth_policy;
const struct policy berth_policy = {
#ifdef BAD_ABI
	.abi = POLICY_ABI + 7,
#else
	.abi = POLICY_ABI,
#endif
	.name = "newest",
	.doc = "the newest first",
	.decide = newest_decide,
};
