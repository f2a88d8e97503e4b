/*
 * datasets.h - /v1/datasets: which nodes hold which dataset.  What a job leaves
 * is the ledger's own matter; here users list, declare and remove.
 */
#ifndef BROKER_DATASETS_H
#define BROKER_DATASETS_H

#include "broker/book.h"
#include "io/http.h"

/* Handlers of routes.h; their argument is the book. */
void datasets_get(void *book, struct http_request *req, const char *name);
void datasets_put(void *book, struct http_request *req, const char *name);
void datasets_delete(void *book, struct http_request *req, const char *name);

#endif
