/*
 * events.h - the last events of the ledger as text, for /v1/events.
 *
 * A ring of lines, numbered from 1 as they come; followers read it at their
 * own pace and learn of what they have missed.
 */
#ifndef BROKER_EVENTS_H
#define BROKER_EVENTS_H

#include "broker/leader_parts.h"

struct events;

struct events *events_create(struct leader *l);
void events_destroy(struct events *ev); /* ends all followers */

/* Nothing is made into text while nobody may ask: the ring is always kept. */
void events_add(struct events *ev, const char *line, size_t len);
uint64_t events_last(const struct events *ev);

/* GET /v1/events?from=SEQ&follow=1 */
void events_get(struct leader *l, struct http_request *req, const char *name);

#endif
