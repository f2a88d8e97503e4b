/*
 * json_model.h - the things of the model as JSON, in the shapes of doc/api.md.
 * Each call returns a new object that the caller owns.
 */
#ifndef BROKER_JSON_MODEL_H
#define BROKER_JSON_MODEL_H

#include <jansson.h>
#include <stdbool.h>

#include "model/demand.h"
#include "model/framework.h"
#include "model/job.h"
#include "model/node.h"
#include "model/offer.h"
#include "model/slice.h"
#include "model/task.h"

json_t *json_job(const struct job *j);
json_t *json_task(const struct task *t);
json_t *json_slice(const struct slice *s);
/* state: what to show as its state; leader: it leads. */
json_t *json_node(const struct node *n, const char *state, bool leader);
/* Core by core: PUs, where it lies and whose it is. */
json_t *json_node_tree(const struct node *n);
/* Its expiry is told as the time left from now_us. */
json_t *json_offer(const struct offer *o, uint64_t now_us);
json_t *json_demand(const struct demand *d);
json_t *json_framework(const struct framework *f);

/* Milliseconds of the Unix epoch; 0 stays 0. */
json_t *json_time(uint64_t us);
json_t *json_strings(char *const *v, size_t n);

#endif
