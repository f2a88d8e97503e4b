/* What another rank's agreement sends; and the log's files and snapshots. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "broker/agree_msg.h"
#include "broker/agree_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken comes out the same way again. */
static void check_message(const uint8_t *data, size_t size)
{
	struct agree_msg m, again;
	struct berth_error err = {0};
	struct buf out = {0};

	if (agree_msg_decode(data, size, &m, &err) != 0) {
		if (err.text[0] == '\0' || strchr(err.text, '\n'))
			abort();
		return;
	}
	agree_msg_encode(&m, SIZE_MAX, &out);
	if (agree_msg_decode(out.data, out.len, &again, &err) != 0)
		abort();
	if (again.kind != m.kind || again.from != m.from ||
	    again.raft.type != m.raft.type || again.nvoters != m.nvoters)
		abort();
	agree_msg_finish(&again);
	agree_msg_finish(&m);
	buf_finish(&out);
}

static void check_log(const uint8_t *data, size_t size)
{
	struct agree_log_record rec;
	struct buf out = {0};
	size_t at = 0, taken = 0;

	while (agree_log_next(data, size, &at, &rec) > 0) {
		if (at <= taken || at > size)
			abort();
		agree_log_add(&out, &rec);
		if (out.len != at)
			abort();
		taken = at;
	}
	if (at != taken)
		abort();
	/* One bit wrong in a record is noticed. */
	if (out.len > 0) {
		size_t where = size % out.len;

		out.data[where] ^= 4;
		for (at = 0; agree_log_next(out.data, out.len, &at, &rec) > 0;)
			;
		if (at == out.len)
			abort();
	}
	buf_finish(&out);
}

static void check_snapshot(const uint8_t *data, size_t size)
{
	struct agree_snapshot s;
	struct berth_error err = {0};

	if (agree_snapshot_decode(data, size, &s, &err) == 0)
		agree_snapshot_finish(&s);
	else if (err.text[0] == '\0')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agree_log_record rec = {AGREE_LOG_COMMAND, 1, 1, data, size};
	struct buf log = {0};
	size_t at = 0;

	check_message(data, size);
	check_log(data, size);
	check_snapshot(data, size);
	agree_log_add(&log, &rec);
	if (agree_log_next(log.data, log.len, &at, &rec) != 1 ||
	    at != log.len || rec.len != size ||
	    (size && memcmp(rec.data, data, size) != 0))
		abort();
	buf_finish(&log);
	return 0;
}
