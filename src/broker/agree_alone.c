/* agree_alone.c - this node as the only voter: of a new agreement, or of one
 * whose other voters are given up. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agree_impl.h"

/* Voters that are given up may have seen so many terms more. */
enum { TERMS_GIVEN_UP = 1000 };

int agree_open_store(struct agree *a, struct berth_error *err)
{
	uint64_t id = a->env.ops->random(a->env.arg) | 1;

	a->store = agree_store_create(a->disk, a->config.segment_bytes, id,
				      err);
	return a->store ? 0 : -1;
}

/* Through the disk, as after a start. */
int agree_alone_write(struct agree *a, uint64_t index, uint64_t term,
		      struct berth_error *err)
{
	struct raft_configuration c;
	struct raft_buffer buf = {0};
	struct agree_log_record rec = {AGREE_LOG_CHANGE, term, index, NULL, 0};
	int rc;

	raft_configuration_init(&c);
	rc = raft_configuration_add(&c, agree_store_id(a->store), a->env.self,
				    RAFT_VOTER);
	if (rc == 0)
		rc = raft_configuration_encode(&c, &buf);
	raft_configuration_close(&c);
	if (rc != 0)
		abort(); /* only when memory is gone */
	agree_conf_pad(&buf);
	rec.data = buf.base;
	rec.len = buf.len;
	agree_store_append(a->store, &rec); /* all or nothing; brings the term */
	rc = agree_store_flush(a->store);
	raft_free(buf.base);
	if (rc != 0)
		error_set(err, BERTH_ESYS, "%s", agree_store_trouble(a->store));
	agree_store_destroy(a->store);
	a->store = NULL;
	return rc != 0 || agree_open_store(a, err) != 0 ? -1 : 0;
}

int agree_forget_others(struct agree *a, struct berth_error *err)
{
	uint64_t last = agree_store_snapshot_index(a->store);
	uint64_t term = agree_store_term(a->store) + TERMS_GIVEN_UP;
	struct agree_store_log log;

	if (agree_store_blank(a->store))
		return error_set(err, BERTH_EINPUT,
				 "%s: nothing was agreed on here: the voters "
				 "can be given up only where one's folder is",
				 a->disk.name);
	agree_store_take_log(a->store, &log);
	if (log.n > 0)
		last = log.first + log.n - 1;
	free(log.entry);
	buf_finish(&log.data);
	log_warn("agreement: the other voters are given up; what is known here "
		 "(to entry %" PRIu64 ") is what was agreed on", last);
	return agree_alone_write(a, last + 1, term, err);
}
