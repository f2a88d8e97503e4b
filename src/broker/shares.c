/* shares.c - see shares.h. */
#include "broker/shares.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/api.h"
#include "broker/json_decode.h"
#include "broker/json_text.h"
#include "io/whole_file.h"

/* More than this is no shares.json. */
#define MOST_TEXT (16u << 20)

/* What a call asks for: one at a time is agreed on, so that it can be undone. */
struct change {
	TAILQ_ENTRY(change) entry;
	struct shares *all;
	struct http_request *req; /* NULL: nobody waits for the answer */
	char *role;
	json_t *body;   /* NULL: nothing is to be set any more */
	json_t *before; /* what was set; null: nothing */
};

struct shares {
	struct book *book;
	struct commit *commit;
	TAILQ_HEAD(, change) changes;
	bool agreeing; /* on the first of them */
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

/* ---- what was set before ---- */

static int fill_change(Berth__RecordChange *c, Berth__RecordShare *share,
		       const char *role, const json_t *now)
{
	share->role = (char *)role;
	share->setting = json_dumps(now, JSON_COMPACT | JSON_ENCODE_ANY);
	c->what_case = BERTH__RECORD_CHANGE__WHAT_SHARE;
	c->share = share;
	return share->setting != NULL ? 0 : -1;
}

/* Role to setting, or null where it was removed. */
static json_t *read_records(const struct records *r)
{
	const Berth__RecordShare *share;
	json_t *all = json_object(), *v;
	struct berth_error err;
	size_t pos = 0;

	while ((share = records_next_share(r, &pos)) != NULL) {
		v = strcmp(share->setting, "null") == 0
			    ? json_null()
			    : json_decode_text(share->setting,
					       strlen(share->setting), &err);
		if (v != NULL)
			json_object_set_new(all, share->role, v);
		else
			log_error("role %s: its record: %s", share->role,
				  err.text);
	}
	return all;
}

/* As a Berth kept them that did not agree on them. */
static json_t *read_file(const char *path)
{
	struct berth_error err = {0};
	size_t len;
	char *text = whole_file_read(path, MOST_TEXT, &len, &err);
	json_t *v = NULL;

	if (text != NULL)
		v = json_decode_text(text, len, &err);
	free(text);
	if (v == NULL && err.code != BERTH_ENOTFOUND)
		log_error("%s: %s; the roles are as berth.conf has them", path,
			  err.text);
	return v;
}

static void put_all(struct shares *s, json_t *changed)
{
	const char *role;
	json_t *v;

	json_object_foreach(changed, role, v) {
		Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
		Berth__RecordShare share = BERTH__RECORD_SHARE__INIT;

		if (fill_change(&c, &share, role, v) == 0)
			commit_put(s->commit, &c);
		free(share.setting);
	}
}

static int set_one(struct shares *s, const char *name, json_t *v,
		   struct berth_error *err)
{
	struct ledger *ledger = book_ledger(s->book);
	const struct role *r = ledger_role(ledger, name);
	struct role_setting set;

	if (json_is_null(v))
		return r == NULL || !r->set
			       ? 0
			       : ledger_share_remove(ledger, name, book_now(),
						     err);
	role_setting_init(&set, name);
	if (!json_is_object(v) || !json_is_name(name))
		return error_set(err, BERTH_EINPUT, "not a role's setting");
	if (decode(v, &set, err) != 0)
		return -1;
	return ledger_share_set(ledger, &set, book_now(), err);
}

/* Parents may come after their children: as often as it helps. */
static void set_changed(struct shares *s, json_t *changed)
{
	size_t n = json_object_size(changed), left = n, before;
	char *done = mem_array(n + 1, 1);
	struct berth_error err;
	const char *name;
	json_t *v;

	do {
		size_t i = 0;

		before = left;
		json_object_foreach(changed, name, v) {
			if (!done[i] && set_one(s, name, v, &err) == 0) {
				done[i] = 1;
				left--;
			}
			i++;
		}
	} while (left > 0 && left < before);
	if (left > 0)
		log_error("%zu of %zu roles that were set by calls can't be "
			  "set any more, the last because: %s", left, n,
			  err.text);
	free(done);
}

static void set_past(struct shares *s, const char *state_dir)
{
	json_t *changed = read_records(commit_records(s->commit));
	char *path;

	if (json_object_size(changed) == 0 && state_dir != NULL) {
		json_decref(changed);
		path = mem_printf("%s/shares.json", state_dir);
		changed = read_file(path);
		if (changed != NULL)
			log_info("%s is agreed on and not used any more", path);
		put_all(s, changed);
		free(path);
	}
	set_changed(s, changed);
	json_decref(changed);
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

/* ---- changes ---- */

static void change_destroy(struct change *c)
{
	TAILQ_REMOVE(&c->all->changes, c, entry);
	json_decref(c->body);
	json_decref(c->before);
	free(c->role);
	free(c);
}

/* Answer it; err NULL: it is so now. */
static void change_end(struct change *c, struct berth_error *err)
{
	struct shares *s = c->all;
	struct http_request *req = c->req;
	json_t *now = NULL;

	if (err == NULL && c->body != NULL)
		now = role_json(ledger_role(book_ledger(s->book), c->role));
	else if (err == NULL)
		now = json_pack("{s:s}", "removed", c->role);
	change_destroy(c);
	if (req != NULL) {
		http_on_close(req, NULL, NULL);
		if (err == NULL)
			api_reply(req, 200, json_incref(now));
		else if (err->code == BERTH_EUNAVAIL)
			api_reply_ending(req);
		else
			http_reply_error(req, err);
	}
	json_decref(now);
}

static void go_on(struct shares *s);

static void on_committed(void *arg, const struct berth_error *failed)
{
	struct change *c = arg;
	struct shares *s = c->all;
	struct berth_error err, ignored;

	s->agreeing = false;
	if (failed != NULL) {
		err = *failed;
		set_one(s, c->role, c->before, &ignored);
	}
	change_end(c, failed != NULL ? &err : NULL);
	go_on(s);
}

/* The ledger says whether it can be, so it is put there first. */
static int try_change(struct change *c, struct berth_error *err)
{
	struct ledger *ledger = book_ledger(c->all->book);
	const struct role *r = ledger_role(ledger, c->role);
	struct role_setting set;

	c->before = r != NULL && r->set ? setting_json(r) : json_null();
	if (c->body == NULL)
		return ledger_share_remove(ledger, c->role, book_now(), err);
	role_setting_init(&set, c->role);
	if (r != NULL)
		set = setting_of(r);
	if (!json_is_name(c->role))
		return error_set(err, BERTH_EINPUT,
				 "role \"%.64s\": a name is 1 to 64 of A-Z a-z "
				 "0-9 . _ -", c->role);
	if (decode(c->body, &set, err) != 0)
		return -1;
	return ledger_share_set(ledger, &set, book_now(), err);
}

static void change_begin(struct change *c)
{
	const struct ledger *ledger = book_ledger(c->all->book);
	Berth__RecordChange record = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordShare share = BERTH__RECORD_SHARE__INIT;
	struct berth_error err = {0};
	json_t *now;

	if (try_change(c, &err) != 0) {
		change_end(c, &err);
		return;
	}
	now = c->body != NULL ? setting_json(ledger_role(ledger, c->role))
			      : json_null();
	fill_change(&record, &share, c->role, now);
	c->all->agreeing = true;
	commit_ask(c->all->commit, &record, on_committed, c);
	free(share.setting);
	json_decref(now);
}

static void go_on(struct shares *s)
{
	while (!s->agreeing && !TAILQ_EMPTY(&s->changes))
		change_begin(TAILQ_FIRST(&s->changes));
}

static void on_asker_left(void *arg)
{
	struct change *c = arg;

	c->req = NULL;
}

/* Takes body over. */
static void ask(struct shares *s, struct http_request *req, const char *role,
		json_t *body)
{
	struct change *c = mem_alloc(sizeof(*c));

	c->all = s;
	c->req = req;
	c->role = mem_strdup(role);
	c->body = body;
	TAILQ_INSERT_TAIL(&s->changes, c, entry);
	http_on_close(req, on_asker_left, c);
	go_on(s);
}

void shares_put(void *shares, struct http_request *req, const char *name)
{
	json_t *body = api_body(req);

	if (body != NULL)
		ask(shares, req, name, body);
}

void shares_delete(void *shares, struct http_request *req, const char *name)
{
	ask(shares, req, name, NULL);
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
	TAILQ_INIT(&s->changes);
	if (set_conf(s, roles, nroles, err) != 0) {
		shares_destroy(s);
		return NULL;
	}
	set_past(s, state_dir);
	return s;
}

void shares_destroy(struct shares *s)
{
	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->changes)) {
		struct http_request *req = TAILQ_FIRST(&s->changes)->req;

		change_destroy(TAILQ_FIRST(&s->changes));
		if (req != NULL)
			api_reply_ending(req);
	}
	free(s);
}
