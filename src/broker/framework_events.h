/*
 * framework_events.h - what the frameworks are told, as lines of JSON.
 */
#ifndef BROKER_FRAMEWORK_EVENTS_H
#define BROKER_FRAMEWORK_EVENTS_H

#include <jansson.h>

#include "base/buf.h"
#include "ledger/ledger.h"
#include "model/event.h"

/* The framework that is to hear of this event; NULL: none is. */
const char *framework_events_whose(const struct ledger *l,
				   const struct event *ev);
/* Append the line of an event that somebody is to hear of. */
void framework_events_line(struct buf *out, const struct ledger *l,
			   const struct event *ev);
/* The `state` line: all that the broker knows of a framework's. */
void framework_events_state(struct buf *out, const struct ledger *l,
			    const char *name);

#endif
