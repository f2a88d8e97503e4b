/* event_json.h - an event of the ledger as a line of JSON, for /v1/events. */
#ifndef BROKER_EVENT_JSON_H
#define BROKER_EVENT_JSON_H

#include "base/buf.h"
#include "model/event.h"

/* Append {"seq": …, "at": …, "type": …, …} and a newline. */
void event_json_line(struct buf *out, uint64_t seq, const struct event *ev);

#endif
