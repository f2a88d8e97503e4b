/* roster.c - see roster.h. */
#include "launcher/roster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "launcher/nodedir.h"

struct roster {
	char *berth;
	uint64_t version;
	struct roster_member *member;
	size_t count;
};

struct roster *roster_create(const char *berth)
{
	struct roster *r = mem_alloc(sizeof *r);

	r->berth = mem_strdup(berth);
	return r;
}

static void drop_members(struct roster *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->member[i].node);
		free(r->member[i].address);
	}
	free(r->member);
	r->member = NULL;
	r->count = 0;
}

void roster_destroy(struct roster *r)
{
	if (r == NULL)
		return;
	drop_members(r);
	free(r->berth);
	free(r);
}

size_t roster_count(const struct roster *r)
{
	return r->count;
}

const struct roster_member *roster_at(const struct roster *r, size_t i)
{
	return i < r->count ? &r->member[i] : NULL;
}

static struct roster_member *find(const struct roster *r, const char *node)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->member[i].node, node) == 0)
			return &r->member[i];
	}
	return NULL;
}

const struct roster_member *roster_find(const struct roster *r,
					const char *node)
{
	return find(r, node);
}

uint64_t roster_version(const struct roster *r)
{
	return r->version;
}

static void append(struct roster *r, const char *node, const char *address,
		   uint32_t index)
{
	struct roster_member *m;

	r->member = mem_resize(r->member, r->count + 1, sizeof *r->member);
	m = &r->member[r->count++];
	m->node = mem_strdup(node);
	m->address = mem_strdup(address);
	m->index = index;
}

bool roster_merge(struct roster *r, const Berth__Roster *msg)
{
	if (msg->version <= r->version)
		return false;
	drop_members(r);
	for (size_t i = 0; i < msg->n_members; i++) {
		const Berth__Member *m = msg->members[i];

		if (m->node[0] && find(r, m->node) == NULL)
			append(r, m->node, m->address, m->index);
	}
	r->version = msg->version;
	return true;
}

bool roster_put(struct roster *r, const char *node, const char *address)
{
	struct roster_member *m = find(r, node);
	uint32_t next = 0;

	if (m && strcmp(m->address, address) == 0)
		return false;
	if (m) {
		free(m->address);
		m->address = mem_strdup(address);
	} else {
		for (size_t i = 0; i < r->count; i++) {
			if (r->member[i].index >= next)
				next = r->member[i].index + 1;
		}
		append(r, node, address, next);
	}
	r->version++;
	return true;
}

int roster_line(struct roster *r, const char *line, struct berth_error *err)
{
	char node[128], address[300];
	uint32_t index;
	uint64_t version;

	if (sscanf(line, "roster %" SCNu64, &version) == 1) {
		drop_members(r);
		r->version = version;
		return 0;
	}
	if (sscanf(line, "member %" SCNu32 " %127s %299s", &index, node,
		   address) != 3)
		return error_set(err, BERTH_EPROTO,
				 "'%.60s' is no line of a roster", line);
	if (find(r, node))
		return error_set(err, BERTH_EPROTO,
				 "node %s is in the roster twice", node);
	append(r, node, address, index);
	return 0;
}

Berth__Roster *roster_msg(const struct roster *r)
{
	Berth__Roster *msg = mem_alloc(sizeof *msg);

	berth__roster__init(msg);
	msg->berth = r->berth;
	msg->version = r->version;
	msg->n_members = r->count;
	msg->members = mem_array(r->count, sizeof *msg->members);
	for (size_t i = 0; i < r->count; i++) {
		Berth__Member *m = mem_alloc(sizeof *m);

		berth__member__init(m);
		m->node = r->member[i].node;
		m->address = r->member[i].address;
		m->index = r->member[i].index;
		msg->members[i] = m;
	}
	return msg;
}

void roster_msg_free(Berth__Roster *msg)
{
	for (size_t i = 0; i < msg->n_members; i++)
		free(msg->members[i]);
	free(msg->members);
	free(msg);
}

int roster_save(const struct roster *r, const char *dir,
		struct berth_error *err)
{
	struct buf text;
	int rc;

	buf_init(&text);
	buf_printf(&text, "roster %" PRIu64 "\n", r->version);
	for (size_t i = 0; i < r->count; i++)
		buf_printf(&text, "member %" PRIu32 " %s %s\n",
			   r->member[i].index, r->member[i].node,
			   r->member[i].address);
	rc = nodedir_write(dir, "roster", text.data, text.len, err);
	buf_finish(&text);
	return rc;
}

int roster_load(struct roster *r, const char *dir, struct berth_error *err)
{
	char *text = nodedir_read(dir, "roster", err);
	char *save = NULL;
	int rc = 0;

	if (text == NULL)
		return -1;
	for (char *line = strtok_r(text, "\n", &save); line && rc == 0;
	     line = strtok_r(NULL, "\n", &save))
		rc = roster_line(r, line, err);
	if (rc)
		error_prefix(err, "%s/roster", dir);
	free(text);
	return rc;
}
