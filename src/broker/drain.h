/*
 * drain.h - nodes that a person takes out of use and gives back: POST and
 * DELETE /v1/nodes/NODE/drain.  The marks are agreed on before a call is
 * answered, with their deadlines, which hold for what a node brings back, too.
 */
#ifndef BROKER_DRAIN_H
#define BROKER_DRAIN_H

#include "broker/agreed.h"
#include "broker/book.h"
#include "broker/nodes.h"
#include "io/http.h"

struct drain {
	struct book *book;
	struct nodes *nodes;
	const struct records *records;
	struct agreed *agreed;
};

void drain_post(void *drain, struct http_request *req, const char *name);
void drain_delete(void *drain, struct http_request *req, const char *name);

/* nodes_change_f; the argument is a struct drain. */
void drain_node(void *drain, const char *node, bool up);

#endif
