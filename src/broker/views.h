/* views.h - GET calls that show what there is: status, nodes, slices, offers,
 * demands, frameworks. */
#ifndef BROKER_VIEWS_H
#define BROKER_VIEWS_H

#include "broker/leader_parts.h"

void views_status(struct leader *l, struct http_request *req, const char *name);
void views_nodes(struct leader *l, struct http_request *req, const char *name);
void views_node(struct leader *l, struct http_request *req, const char *name);
void views_slices(struct leader *l, struct http_request *req, const char *name);
void views_offers(struct leader *l, struct http_request *req, const char *name);
void views_demands(struct leader *l, struct http_request *req,
		   const char *name);
void views_frameworks(struct leader *l, struct http_request *req,
		      const char *name);

#endif
