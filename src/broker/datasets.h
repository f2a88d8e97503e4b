/*
 * datasets.h - which nodes hold which datasets: GET /v1/datasets, PUT and
 * DELETE /v1/datasets/NAME.  What calls say is agreed on before they are
 * answered; what is on record of a node is in the ledger again when the node
 * comes to a new leader.
 */
#ifndef BROKER_DATASETS_H
#define BROKER_DATASETS_H

#include "broker/agreed.h"
#include "broker/book.h"
#include "io/http.h"

struct datasets {
	struct book *book;
	const struct records *records;
	struct agreed *agreed;
};

/* route_f; the first argument is a struct datasets. */
void datasets_get(void *datasets, struct http_request *req, const char *name);
void datasets_put(void *datasets, struct http_request *req, const char *name);
void datasets_delete(void *datasets, struct http_request *req,
		     const char *name);

/* nodes_change_f; the first argument is a struct datasets. */
void datasets_node(void *datasets, const char *node, bool up);

#endif
