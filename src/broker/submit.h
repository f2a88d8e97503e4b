/*
 * submit.h - POST /v1/jobs.  A job for a framework whose host is still on its
 * way up waits for it a while.
 */
#ifndef BROKER_SUBMIT_H
#define BROKER_SUBMIT_H

#include "broker/leader_parts.h"

struct submits;

struct submits *submits_create(struct leader *l);
void submits_destroy(struct submits *s);

/* A framework has registered: look again, from the loop. */
void submit_retry(struct submits *s);

void submit_post(struct leader *l, struct http_request *req, const char *name);

#endif
