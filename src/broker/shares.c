/* shares.c - see shares.h. */
#include "broker/shares.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/api.h"
#include "broker/json_decode.h"
#include "broker/json_text.h"
#include "broker/whole_file.h"

/* More than this is no shares.json. */
#define MOST_TEXT (16u << 20)

struct shares {
	struct book *book;
	struct commit *commit;
	char *path; /* shares.json; NULL: nothing is kept */
	json_t *changed; /* its contents: role to setting or null */
};

/* A role's setting as an object.  weight is a number of any kind. */
struct share_in {
	const char *parent, *guarantee, *limit;
	int priority;
};

#define FIELD(m, t, ...)                                                       \
	{.name = #m, .type = (t), .offset = offsetof(struct share_in, m),      \
	 __VA_ARGS__}

static const struct json_field fields[] = {
	FIELD(parent, JSON_T_NAME0),
	FIELD(guarantee, JSON_T_STRING, .max = QUOTA_TEXT - 1),
	FIELD(limit, JSON_T_STRING, .max = QUOTA_TEXT - 1),
	FIELD(priority, JSON_T_INT, .min = INT32_MIN),
};

static int take_weight(json_t *obj, double *out, struct berth_error *err)
{
	json_t *w = json_object_get(obj, "weight");

	if (w == NULL)
		return 0;
	*out = json_number_value(w);
	if (!json_is_number(w) || !(*out > 0) || *out > 1e9)
		return error_set(err, BERTH_EINPUT,
				 "weight: a number above 0 and at most 1e9 is "
				 "wanted");
	return 0;
}

static int take_quota(const char *name, const char *text, struct quota *out,
		      struct berth_error *err)
{
	if (text == NULL || quota_parse(text, out, err) == 0)
		return 0;
	return error_prefix(err, "%s", name);
}

/* Put what obj says over *s; strings belong to obj. */
static int decode(json_t *obj, struct role_setting *s, struct berth_error *err)
{
	struct share_in in = {.priority = s->priority, .parent = s->parent};
	json_t *rest = json_copy(obj);
	int rc = -1;

	if (take_weight(obj, &s->weight, err) != 0)
		goto out;
	json_object_del(rest, "weight");
	if (JSON_DECODE(rest, "", fields, &in, err) != 0 ||
	    take_quota("guarantee", in.guarantee, &s->guarantee, err) != 0 ||
	    take_quota("limit", in.limit, &s->limit, err) != 0)
		goto out;
	s->parent = in.parent;
	s->priority = in.priority;
	rc = 0;
out:
	json_decref(rest);
	return rc;
}

/* What is set for r now. */
static struct role_setting setting_of(const struct role *r)
{
	return (struct role_setting){
		.name = r->name,
		.parent = r->parent != NULL ? r->parent->name : NULL,
		.guarantee = r->guarantee,
		.limit = r->limit,
		.weight = r->weight,
		.priority = r->priority,
	};
}

static json_t *setting_json(const struct role *r)
{
	char guarantee[QUOTA_TEXT], limit[QUOTA_TEXT];

	quota_print(&r->guarantee, guarantee, sizeof(guarantee));
	quota_print(&r->limit, limit, sizeof(limit));
	return json_pack("{s:s, s:s, s:s, s:f, s:i}", "parent",
			 r->parent != NULL ? r->parent->name : "", "guarantee",
			 guarantee, "limit", limit, "weight", r->weight,
			 "priority", r->priority);
}

/* ---- shares.json ---- */

static int save(struct shares *s, struct berth_error *err)
{
	struct buf text;
	int rc;

	if (s->path == NULL)
		return 0;
	buf_init(&text);
	json_text_value(&text, s->changed);
	buf_puts(&text, "\n");
	rc = whole_file_write(s->path, text.data, text.len, err);
	buf_finish(&text);
	return rc;
}

static json_t *load(const char *path)
{
	struct berth_error err = {0};
	size_t len;
	char *text = whole_file_read(path, MOST_TEXT, &len, &err);
	json_t *v = NULL;

	if (text != NULL)
		v = json_decode_text(text, len, &err);
	else if (err.code == BERTH_ENOTFOUND)
		return json_object();
	free(text);
	if (v != NULL)
		return v;
	log_error("%s: %s; the roles are as berth.conf has them", path,
		  err.text);
	return json_object();
}

/* What was agreed on stands over what this node has kept. */
static void add_records(struct shares *s)
{
	const struct records *r = commit_records(s->commit);
	const Berth__RecordShare *share;
	struct berth_error err;
	size_t pos = 0;
	json_t *v;

	while ((share = records_next_share(r, &pos)) != NULL) {
		/* Not an object: the role was removed. */
		v = strcmp(share->setting, "null") == 0
			    ? json_null()
			    : json_decode_text(share->setting,
					       strlen(share->setting), &err);
		if (v != NULL)
			json_object_set_new(s->changed, share->role, v);
		else
			log_error("role %s: its record: %s", share->role,
				  err.text);
	}
}

static void put_record(struct shares *s, const char *role, const json_t *now)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordShare share = BERTH__RECORD_SHARE__INIT;
	char *text = json_dumps(now, JSON_COMPACT | JSON_ENCODE_ANY);

	share.role = (char *)role;
	share.setting = text;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_SHARE;
	c.share = &share;
	commit_put(s->commit, &c);
	free(text);
}

static int set_one(struct shares *s, const char *name, json_t *v,
		   struct berth_error *err)
{
	struct ledger *ledger = book_ledger(s->book);
	struct role_setting set;

	if (json_is_null(v))
		return ledger_share_remove(ledger, name, book_now(), err);
	role_setting_init(&set, name);
	if (!json_is_object(v) || !json_is_name(name))
		return error_set(err, BERTH_EINPUT, "not a role's setting");
	if (decode(v, &set, err) != 0)
		return -1;
	return ledger_share_set(ledger, &set, book_now(), err);
}

/* Parents may come after their children: as often as it helps. */
static void set_changed(struct shares *s)
{
	size_t n = json_object_size(s->changed), left = n, before;
	char *done = mem_array(n + 1, 1);
	struct berth_error err;
	const char *name;
	json_t *v;

	do {
		size_t i = 0;

		before = left;
		json_object_foreach(s->changed, name, v) {
			if (!done[i] && set_one(s, name, v, &err) == 0) {
				done[i] = 1;
				left--;
			}
			i++;
		}
	} while (left > 0 && left < before);
	if (left > 0)
		log_error("%s: %zu of %zu roles in it can't be set any more, "
			  "the last because: %s", s->path, left, n, err.text);
	free(done);
}

/* ---- berth.conf ---- */

/* First all names, so that parents are known, then what is set for them. */
static int set_conf(struct shares *s, const struct role_conf *roles,
		    size_t nroles, struct berth_error *err)
{
	struct ledger *ledger = book_ledger(s->book);

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < nroles; i++) {
			const struct role_conf *c = &roles[i];
			struct role_setting plain;

			role_setting_init(&plain, c->setting.name);
			if (pass == 0 &&
			    ledger_role(ledger, plain.name) != NULL)
				return error_set(err, BERTH_EINPUT,
						 "%s: role %s stands here a "
						 "second time", c->where,
						 plain.name);
			if (ledger_share_set(ledger,
					     pass == 0 ? &plain : &c->setting,
					     book_now(), err) != 0)
				return error_prefix(err, "%s", c->where);
		}
	}
	return 0;
}

/* ---- the API ---- */

static json_t *amount_json(const struct amount *a)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "cores", (json_int_t)a->cores,
			 "memory_mib", (json_int_t)a->memory_mib, "gpus",
			 (json_int_t)a->gpus, "drive_mib",
			 (json_int_t)a->drive_mib);
}

static json_t *role_json(const struct role *r)
{
	json_t *o = setting_json(r);

	json_object_set_new(o, "role", json_string(r->name));
	json_object_set_new(o, "set", json_boolean(r->set));
	json_object_set_new(o, "guaranteed", amount_json(&r->floor));
	json_object_set_new(o, "used", amount_json(&r->sum));
	json_object_set_new(o, "firm", amount_json(&r->firm));
	return o;
}

void shares_get(void *shares, struct http_request *req, const char *name)
{
	struct shares *s = shares;
	struct ledger *ledger = book_ledger(s->book);
	json_t *a = json_array(), *o;
	struct ledger_stats st;
	const struct role *r;
	size_t pos = 0;

	while ((r = ledger_next_role(ledger, &pos)) != NULL)
		json_array_append_new(a, role_json(r));
	ledger_stats(ledger, &st);
	o = json_pack("{s:o}", "shares", a);
	json_object_set_new(o, "total", amount_json(&st.total));
	json_object_set_new(o, "policy",
			    json_string(ledger_policy_name(ledger)));
	api_reply(req, 200, o);
}

static void reply_error(struct http_request *req, struct berth_error *err)
{
	http_reply_error(req, err);
}

/* Remember the change; when that fails it is undone. */
static int keep(struct shares *s, const char *name, json_t *now, json_t *before,
		struct berth_error *err)
{
	json_t *old = json_incref(json_object_get(s->changed, name));
	struct berth_error ignored;

	json_object_set_new(s->changed, name, now);
	if (save(s, err) == 0) {
		put_record(s, name, now);
		json_decref(old);
		return 0;
	}
	set_one(s, name, before, &ignored);
	if (old != NULL)
		json_object_set_new(s->changed, name, old);
	else
		json_object_del(s->changed, name);
	return -1;
}

void shares_put(void *shares, struct http_request *req, const char *name)
{
	struct shares *s = shares;
	struct ledger *ledger = book_ledger(s->book);
	const struct role *r = ledger_role(ledger, name);
	struct berth_error err = {0};
	struct role_setting set;
	json_t *body = api_body(req), *before;

	if (body == NULL)
		return;
	role_setting_init(&set, name);
	if (r != NULL)
		set = setting_of(r);
	before = r != NULL && r->set ? setting_json(r) : json_null();
	if (!json_is_name(name))
		error_set(&err, BERTH_EINPUT, "role \"%.64s\": a name is 1 to "
			  "64 of A-Z a-z 0-9 . _ -", name);
	else if (decode(body, &set, &err) == 0 &&
		 ledger_share_set(ledger, &set, book_now(), &err) == 0 &&
		 keep(s, name, setting_json(ledger_role(ledger, name)),
		      before, &err) == 0)
		err.code = BERTH_OK;
	if (err.code == BERTH_OK)
		api_reply(req, 200, role_json(ledger_role(ledger, name)));
	else
		reply_error(req, &err);
	json_decref(before);
	json_decref(body);
}

void shares_delete(void *shares, struct http_request *req, const char *name)
{
	struct shares *s = shares;
	struct ledger *ledger = book_ledger(s->book);
	const struct role *r = ledger_role(ledger, name);
	json_t *before = r != NULL ? setting_json(r) : json_null();
	struct berth_error err = {0};

	if (ledger_share_remove(ledger, name, book_now(), &err) != 0 ||
	    keep(s, name, json_null(), before, &err) != 0)
		reply_error(req, &err);
	else
		api_reply(req, 200, json_pack("{s:s}", "removed", name));
	json_decref(before);
}

/* ---- create, destroy ---- */

struct shares *shares_create(struct book *book, struct commit *commit,
			     const struct role_conf *roles,
			     size_t nroles, const char *state_dir,
			     struct berth_error *err)
{
	struct shares *s = mem_alloc(sizeof(*s));

	s->book = book;
	s->commit = commit;
	if (set_conf(s, roles, nroles, err) != 0) {
		shares_destroy(s);
		return NULL;
	}
	if (state_dir != NULL)
		s->path = mem_printf("%s/shares.json", state_dir);
	s->changed = s->path != NULL ? load(s->path) : json_object();
	add_records(s);
	set_changed(s);
	return s;
}

void shares_destroy(struct shares *s)
{
	if (s == NULL)
		return;
	json_decref(s->changed);
	free(s->path);
	free(s);
}
