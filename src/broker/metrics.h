/* metrics.h - GET /v1/metrics: counters and gauges in Prometheus' text form. */
#ifndef BROKER_METRICS_H
#define BROKER_METRICS_H

#include "broker/leader_parts.h"

void metrics_get(struct leader *l, struct http_request *req, const char *name);

#endif
