/* scenario_roles.c - the roles of a scenario: as its file says, or by the
 * static partitions.  Whether they contradict one another says the ledger. */
#include "sim/scenario.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ledger/ledger.h"
#include "sim/reader.h"

int scenario_set_roles(const struct scenario *s, struct ledger *l,
		       uint64_t now_us, size_t *wrong, struct berth_error *err)
{
	for (*wrong = 0; *wrong < s->nroles; (*wrong)++) {
		if (ledger_share_set(l, &s->role[*wrong], now_us, err) != 0)
			return -1;
	}
	return 0;
}

static void read_quota(struct reader *r, const char *name, struct quota *out)
{
	struct berth_error why;

	if (quota_parse(reader_get_string(r, name, ""), out, &why) != 0)
		reader_fail(r, name, why.text);
}

static void read_role(struct reader *r, struct role_setting *role)
{
	const char *name = reader_get_string(r, "name", "");

	role_setting_init(role, mem_strdup(name));
	if (*name == '\0')
		reader_fail(r, NULL, "a role without name");
	role->parent = mem_strdup(reader_get_string(r, "parent", ""));
	read_quota(r, "guarantee", &role->guarantee);
	read_quota(r, "limit", &role->limit);
	reader_get(r, "weight", 1e-6, 1e6, &role->weight);
	role->priority =
		(int)reader_get_int(r, "priority", -1000000, 1000000, 0);
}

/* Do they fit such a cluster, and one another?  As the ledger sees it. */
static void try_roles(struct reader *r)
{
	struct ledger_options options = {.policy = NULL};
	struct ledger *l = ledger_create(&options);
	struct berth_error why;
	size_t wrong;
	int rc = 0;

	for (unsigned i = 0; i < r->s->nodes && rc == 0; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%05u", i);
		rc = ledger_node_up(l, name, r->s->topology, NULL, 0, true, 0,
				    &why);
	}
	if (rc != 0 || scenario_set_roles(r->s, l, 0, &wrong, &why) != 0) {
		size_t before =
			reader_enter(r, "roles", rc != 0 ? 0 : (int)wrong);

		reader_fail(r, NULL, why.text);
		reader_leave(r, before);
	}
	ledger_destroy(l);
}

void scenario_read_roles(struct reader *r)
{
	int n = reader_length(r, "roles");

	r->s->role = mem_array((size_t)n + 1, sizeof(*r->s->role));
	for (int i = 0; i < n && !r->failed; i++) {
		size_t before = reader_enter(r, "roles", i);

		read_role(r, &r->s->role[r->s->nroles++]);
		reader_leave(r, before);
	}
	if (n > 0 && !r->failed)
		try_roles(r);
}

static uint64_t partition_cores(const struct scenario *s, const char *role)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->napps; i++) {
		if (strcmp(s->app[i].role, role) == 0)
			sum += (uint64_t)scenario_partition(s, &s->app[i]) *
			       s->cores;
	}
	return sum;
}

static bool has_role(const struct scenario *s, const char *name)
{
	for (size_t i = 0; i < s->nroles; i++) {
		if (strcmp(s->role[i].name, name) == 0)
			return true;
	}
	return false;
}

void scenario_guarantee(struct reader *r)
{
	struct scenario *s = r->s;

	if (s->nroles > 0)
		reader_fail(r, "roles", "the file guarantees by itself");
	s->role = mem_resize(s->role, s->napps + 1, sizeof(*s->role));
	for (size_t i = 0; i < s->napps && !r->failed; i++) {
		const char *name = s->app[i].role;
		struct role_setting *role = &s->role[s->nroles];

		if (has_role(s, name))
			continue;
		role_setting_init(role, mem_strdup(name));
		role->guarantee.of[RESOURCE_CORES].kind = QUOTA_NUMBER;
		role->guarantee.of[RESOURCE_CORES].value =
			partition_cores(s, name);
		s->nroles++;
	}
	if (!r->failed)
		try_roles(r);
}
