/* history_routes.h - GET /v1/history: the ended jobs of the accounting. */
#ifndef BROKER_HISTORY_ROUTES_H
#define BROKER_HISTORY_ROUTES_H

#include "io/http.h"

void history_routes_get(void *history, struct http_request *req,
			const char *name); /* route_f */

#endif
