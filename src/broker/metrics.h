/* metrics.h - GET /v1/metrics: counters and gauges in Prometheus' text form. */
#ifndef BROKER_METRICS_H
#define BROKER_METRICS_H

#include "broker/api_server.h"
#include "broker/book.h"
#include "broker/conduct.h"
#include "broker/frameworks.h"
#include "broker/net.h"
#include "broker/nodes.h"
#include "broker/outputs.h"

/* Who is asked for them. */
struct metrics {
	const struct book *book;
	const struct nodes *nodes;
	const struct frameworks *frameworks;
	const struct conduct *conduct;
	const struct outputs *outputs;
	const struct api_server *server;
	const struct net *net;
};

/* route_f; the first argument is a struct metrics. */
void metrics_get(void *metrics, struct http_request *req, const char *name);

#endif
