/* history.c - see history.h. */
#include "broker/history.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"

#define SOON_US (500u * 1000)	    /* from a put to its transaction */
#define AGAIN_US (10u * 1000000)    /* after a failure */
#define WAITING_MOST 100000u	    /* jobs that may wait for the disk */
#define SCHEMA_VERSION 1

/* A job's columns in their order: name, type in C of its member, member.  The
 * first two are the key. */
#define COLUMNS(X)                                                             \
	X("id", u64, id)                                                       \
	X("submitted_us", u64, submitted_us)                                   \
	X("started_us", u64, started_us)                                       \
	X("ended_us", u64, ended_us)                                           \
	X("name", text, name)                                                  \
	X("user", text, user)                                                  \
	X("role", text, role)                                                  \
	X("framework", text, framework)                                        \
	X("nodes", text, nodes)                                                \
	X("nnodes", u32, nnodes)                                               \
	X("slices", u32, slices)                                               \
	X("tasks", u32, tasks)                                                 \
	X("failed", u32, failed)                                               \
	X("cores", u64, cores)                                                 \
	X("memory_mib", u64, memory_mib)                                       \
	X("gpus", u64, gpus)                                                   \
	X("core_us", u64, core_us)                                             \
	X("gpu_us", u64, gpu_us)                                               \
	X("cpu_us", u64, cpu_us)                                               \
	X("max_rss_kib", u64, max_rss_kib)                                     \
	X("outcome", outcome, outcome)                                         \
	X("exit_code", i32, exit_code)                                         \
	X("signal", i32, signal)                                               \
	X("requeues", u32, requeues)                                           \
	X("revocations", u32, revocations)                                     \
	X("text", text, text)

struct waiting {
	STAILQ_ENTRY(waiting) entry;
	struct history_job job; /* its texts are ours */
};

struct history {
	char *path;
	sqlite3 *db;		 /* NULL: not open (yet) */
	sqlite3_stmt *insert;
	STAILQ_HEAD(, waiting) waiting;
	size_t nwaiting;
	uint64_t dropped;
	bool ailing;		 /* the last attempt failed and was logged */
	struct loop_timer *timer;
};

/* ---- what waits ---------------------------------------------------------- */

static void waiting_free(struct waiting *w)
{
	free((char *)w->job.name);
	free((char *)w->job.user);
	free((char *)w->job.role);
	free((char *)w->job.framework);
	free((char *)w->job.nodes);
	free((char *)w->job.text);
	free(w);
}

static void waiting_drop(struct history *h)
{
	struct waiting *w = STAILQ_FIRST(&h->waiting);

	STAILQ_REMOVE_HEAD(&h->waiting, entry);
	h->nwaiting--;
	waiting_free(w);
}

void history_put(struct history *h, const struct history_job *job)
{
	struct waiting *w;

	if (h->path == NULL)
		return;
	w = mem_alloc(sizeof(*w));
	w->job = *job;
	w->job.name = mem_strdup(job->name);
	w->job.user = mem_strdup(job->user);
	w->job.role = mem_strdup(job->role);
	w->job.framework = mem_strdup(job->framework);
	w->job.nodes = mem_strdup(job->nodes);
	w->job.text = mem_strdup(job->text);
	STAILQ_INSERT_TAIL(&h->waiting, w, entry);
	if (++h->nwaiting > WAITING_MOST) {
		waiting_drop(h);
		h->dropped++;
	}
	if (!loop_timer_pending(h->timer))
		loop_timer_start(h->timer, SOON_US);
}

/* ---- the file ------------------------------------------------------------ */

static int db_error(struct history *h, struct berth_error *err)
{
	return error_set(err, BERTH_ESYS, "%s: %s", h->path,
			 h->db != NULL ? sqlite3_errmsg(h->db)
				       : "out of memory");
}

static void db_close(struct history *h)
{
	sqlite3_finalize(h->insert);
	h->insert = NULL;
	sqlite3_close(h->db);
	h->db = NULL;
}

static int db_run(struct history *h, const char *sql, struct berth_error *err)
{
	if (sqlite3_exec(h->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(h, err);
	return 0;
}

/* A file of a newer Berth may have what we would not keep up. */
static int check_version(struct history *h, struct berth_error *err)
{
	sqlite3_stmt *s = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(h->db, "PRAGMA user_version", -1, &s, NULL) !=
	    SQLITE_OK)
		return db_error(h, err);
	if (sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	if (version < 0)
		return db_error(h, err);
	if (version > SCHEMA_VERSION)
		return error_set(err, BERTH_EINPUT,
				 "%s: it was written by a newer Berth (version "
				 "%d, %d is known here); move it away", h->path,
				 version, SCHEMA_VERSION);
	return 0;
}

#define NUMBER "INTEGER NOT NULL"
#define u64_SQL NUMBER
#define u32_SQL NUMBER
#define i32_SQL NUMBER
#define text_SQL "TEXT NOT NULL"
#define outcome_SQL "TEXT NOT NULL"
#define X_TABLE(name, type, member) name " " type##_SQL ", "
#define X_NAMES(name, type, member) "," name
#define X_MARKS(name, type, member) ",?"

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS job (" COLUMNS(X_TABLE)
	"PRIMARY KEY (id, submitted_us)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS job_end ON job (ended_us, id);"
	"PRAGMA user_version = 1";

static int db_open(struct history *h, struct berth_error *err)
{
	char *insert;
	int rc;

	if (h->db != NULL)
		return 0;
	if (sqlite3_open_v2(h->path, &h->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				    SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK) {
		db_error(h, err);
		goto fail;
	}
	/* Readers are others' programs; they may look while we write. */
	sqlite3_busy_timeout(h->db, 200);
	if (check_version(h, err) != 0 ||
	    db_run(h, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
		   err) != 0 ||
	    db_run(h, schema, err) != 0)
		goto fail;
	insert = mem_printf("INSERT OR IGNORE INTO job (%s) VALUES (%s)",
			    COLUMNS(X_NAMES) + 1, COLUMNS(X_MARKS) + 1);
	rc = sqlite3_prepare_v2(h->db, insert, -1, &h->insert, NULL);
	free(insert);
	if (rc == SQLITE_OK)
		return 0;
	db_error(h, err);
fail:
	db_close(h);
	return -1;
}

/* ---- writing ------------------------------------------------------------- */

static void bind_u64(sqlite3_stmt *s, int at, uint64_t v)
{
	sqlite3_bind_int64(s, at, (sqlite3_int64)v);
}

static void bind_u32(sqlite3_stmt *s, int at, uint32_t v)
{
	sqlite3_bind_int64(s, at, v);
}

static void bind_i32(sqlite3_stmt *s, int at, int32_t v)
{
	sqlite3_bind_int(s, at, v);
}

static void bind_text(sqlite3_stmt *s, int at, const char *v)
{
	sqlite3_bind_text(s, at, v != NULL ? v : "", -1, SQLITE_STATIC);
}

static void bind_outcome(sqlite3_stmt *s, int at, enum job_outcome v)
{
	bind_text(s, at, job_outcome_name(v));
}

static int insert(struct history *h, const struct history_job *j,
		  struct berth_error *err)
{
	int at = 0, rc;

#define X(name, type, member) bind_##type(h->insert, ++at, j->member);
	COLUMNS(X)
#undef X
	rc = sqlite3_step(h->insert);
	sqlite3_reset(h->insert);
	return rc == SQLITE_DONE ? 0 : db_error(h, err);
}

static int write_waiting(struct history *h, struct berth_error *err)
{
	const struct waiting *w;

	if (db_open(h, err) != 0)
		return -1;
	if (db_run(h, "BEGIN IMMEDIATE", err) != 0)
		goto fail;
	STAILQ_FOREACH(w, &h->waiting, entry)
		if (insert(h, &w->job, err) != 0)
			goto fail;
	if (db_run(h, "COMMIT", err) != 0)
		goto fail;
	while (!STAILQ_EMPTY(&h->waiting))
		waiting_drop(h);
	return 0;
fail:
	/* Opened again next time: the file may have been replaced. */
	db_close(h);
	return -1;
}

int history_flush(struct history *h, struct berth_error *err)
{
	struct berth_error why = {0};

	if (STAILQ_EMPTY(&h->waiting))
		return 0;
	if (write_waiting(h, &why) != 0) {
		if (!h->ailing)
			log_error("accounting: %s; jobs go on, what they used "
				  "is kept in memory until it can be written",
				  why.text);
		h->ailing = true;
		loop_timer_start(h->timer, AGAIN_US);
		return error_set(err, why.code, "%s", why.text);
	}
	if (h->ailing || h->dropped > 0)
		log_warn("accounting: %s is written again; %llu jobs are "
			 "missing in it", h->path,
			 (unsigned long long)h->dropped);
	h->ailing = false;
	h->dropped = 0;
	loop_timer_stop(h->timer);
	return 0;
}

static void on_timer(void *arg)
{
	history_flush(arg, NULL);
}

/* ---- reading ------------------------------------------------------------- */

static uint64_t get_u64(sqlite3_stmt *s, int at)
{
	return (uint64_t)sqlite3_column_int64(s, at);
}

static uint32_t get_u32(sqlite3_stmt *s, int at)
{
	return (uint32_t)sqlite3_column_int64(s, at);
}

static int32_t get_i32(sqlite3_stmt *s, int at)
{
	return sqlite3_column_int(s, at);
}

static const char *get_text(sqlite3_stmt *s, int at)
{
	const char *v = (const char *)sqlite3_column_text(s, at);

	return v != NULL ? v : "";
}

static enum job_outcome get_outcome(sqlite3_stmt *s, int at)
{
	enum job_outcome v = JOB_NONE;

	job_outcome_parse(get_text(s, at), &v);
	return v;
}

/* What is NULL or 0 does not count. */
#define FIND_WHERE                                                             \
	" FROM job WHERE (?1 IS NULL OR user = ?1)"                            \
	" AND (?2 IS NULL OR role = ?2)"                                       \
	" AND (?3 IS NULL OR framework = ?3)"                                  \
	" AND (?4 IS NULL OR name = ?4)"                                       \
	" AND (?5 IS NULL OR outcome = ?5)"                                    \
	" AND (?6 = 0 OR id = ?6)"                                             \
	" AND ended_us >= ?7 AND ended_us < ?8"                                \
	" AND (ended_us, id) < (?9, ?10)"                                      \
	" ORDER BY ended_us DESC, id DESC LIMIT ?11"

static void bind_maybe(sqlite3_stmt *s, int at, const char *v)
{
	if (v != NULL)
		bind_text(s, at, v);
}

static void bind_query(sqlite3_stmt *s, const struct history_query *q)
{
	const uint64_t most = INT64_MAX;

	bind_maybe(s, 1, q->user);
	bind_maybe(s, 2, q->role);
	bind_maybe(s, 3, q->framework);
	bind_maybe(s, 4, q->name);
	if (q->outcome != JOB_NONE)
		bind_outcome(s, 5, q->outcome);
	bind_u64(s, 6, q->id);
	bind_u64(s, 7, q->since_us);
	bind_u64(s, 8, q->until_us != 0 ? q->until_us : most);
	bind_u64(s, 9, q->before_us != 0 ? q->before_us : most);
	bind_u64(s, 10, q->before_us != 0 ? q->before_id : most);
	bind_u64(s, 11, q->limit + 1);
}

static void show(sqlite3_stmt *s, history_f each, void *arg)
{
	struct history_job j;
	int at = 0;

#define X(name, type, member) j.member = get_##type(s, at++);
	COLUMNS(X)
#undef X
	each(arg, &j);
}

int history_find(struct history *h, const struct history_query *q,
		 history_f each, void *arg, bool *more,
		 struct berth_error *err)
{
	sqlite3_stmt *s = NULL;
	char *sql;
	size_t n = 0;
	int rc;

	*more = false;
	if (h->path == NULL)
		return 0;
	if (db_open(h, err) != 0)
		return -1;
	sql = mem_printf("SELECT %s" FIND_WHERE, COLUMNS(X_NAMES) + 1);
	rc = sqlite3_prepare_v2(h->db, sql, -1, &s, NULL);
	free(sql);
	if (rc == SQLITE_OK) {
		bind_query(s, q);
		for (rc = sqlite3_step(s); rc == SQLITE_ROW && n < q->limit;
		     rc = sqlite3_step(s), n++)
			show(s, each, arg);
	}
	*more = rc == SQLITE_ROW;
	rc = *more || rc == SQLITE_DONE ? 0 : db_error(h, err);
	sqlite3_finalize(s);
	return rc;
}

/* ---- create, destroy ----------------------------------------------------- */

struct history *history_create(struct loop *loop, const char *path)
{
	struct history *h = mem_alloc(sizeof(*h));
	struct berth_error err;

	STAILQ_INIT(&h->waiting);
	h->path = mem_strdup(path);
	h->timer = loop_timer_create(loop, on_timer, h);
	if (path != NULL && db_open(h, &err) != 0) {
		log_error("accounting: %s; jobs go on, what they used is kept "
			  "in memory until it can be written", err.text);
		h->ailing = true;
	}
	return h;
}

void history_destroy(struct history *h)
{
	if (h == NULL)
		return;
	history_flush(h, NULL);
	while (!STAILQ_EMPTY(&h->waiting))
		waiting_drop(h);
	loop_timer_destroy(h->timer);
	db_close(h);
	free(h->path);
	free(h);
}
