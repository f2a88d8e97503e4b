/* views.h - GET calls that show what there is: status, nodes, slices, offers,
 * demands, frameworks. */
#ifndef BROKER_VIEWS_H
#define BROKER_VIEWS_H

#include <stdint.h>

#include "broker/book.h"
#include "broker/conduct.h"
#include "broker/net.h"
#include "broker/nodes.h"
#include "broker/records.h"
#include "broker/shutdown.h"
#include "io/http.h"

/* What they show. */
struct views {
	const struct book *book;
	const struct conduct *conduct;
	const struct nodes *nodes;
	const struct net *net;
	const struct shutdown *shutdown;
	const struct records *records;
	uint64_t term;
	const char *const *(*voters)(void *arg, size_t *count); /* or NULL */
	void *voters_arg;
	const char *berth, *version;
	uint64_t started_us; /* loop_now_us */
};

/* route_f; the first argument is a struct views. */
void views_status(void *views, struct http_request *req, const char *name);
void views_nodes(void *views, struct http_request *req, const char *name);
void views_node(void *views, struct http_request *req, const char *name);
void views_slices(void *views, struct http_request *req, const char *name);
void views_offers(void *views, struct http_request *req, const char *name);
void views_demands(void *views, struct http_request *req, const char *name);
void views_frameworks(void *views, struct http_request *req, const char *name);

#endif
