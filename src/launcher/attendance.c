/* attendance.c - see attendance.h. */
#include "launcher/attendance.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

struct attendance {
	const struct settings *settings;
	struct shepherds *shepherds;
	Berth__Attended now;
};

struct attendance *attendance_create(const struct settings *s,
				     struct shepherds *sh)
{
	struct attendance *a = mem_alloc(sizeof *a);

	a->settings = s;
	a->shepherds = sh;
	berth__attended__init(&a->now);
	return a;
}

void attendance_destroy(struct attendance *a)
{
	free(a);
}

static void tell(struct attendance *a, const char *shepherd)
{
	Berth__Msg msg = BERTH__MSG__INIT;

	msg.body_case = BERTH__MSG__BODY_ATTENDED;
	msg.attended = &a->now;
	if (shepherd)
		shepherds_send(a->shepherds, shepherd, &msg);
	else
		shepherds_send_all(a->shepherds, &msg);
}

void attendance_word(struct attendance *a, const Berth__Attended *word)
{
	if (word->broker == a->now.broker)
		return;
	a->now.broker = word->broker;
	if (word->broker)
		log_info("a broker looks after this node");
	else if (a->settings->orphan_ms)
		log_warn("no broker looks after this node: its tasks end "
			 "after %.1f s", (double)a->settings->orphan_ms / 1e3);
	tell(a, NULL);
}

void attendance_rank_down(struct attendance *a)
{
	const Berth__Attended none = BERTH__ATTENDED__INIT;

	attendance_word(a, &none);
}

void attendance_keep(struct attendance *a)
{
	a->now.kept = true;
	tell(a, NULL);
}

void attendance_tell(struct attendance *a, const char *shepherd)
{
	tell(a, shepherd);
}
