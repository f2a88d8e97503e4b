/*
 * drain.h - nodes that a person takes out of use and gives back: POST and
 * DELETE /v1/nodes/NODE/drain.
 */
#ifndef BROKER_DRAIN_H
#define BROKER_DRAIN_H

#include "broker/book.h"
#include "broker/nodes.h"
#include "io/http.h"

struct drain {
	struct book *book;
	struct nodes *nodes;
};

void drain_post(void *drain, struct http_request *req, const char *name);
void drain_delete(void *drain, struct http_request *req, const char *name);

#endif
