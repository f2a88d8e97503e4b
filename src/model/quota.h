/*
 * quota.h - how much of each resource a role is guaranteed, or may have at
 * most: in numbers, in parts of the cluster, or nothing said.
 *
 * As text: "cores=8,memory=64G,gpus=1" or "25%" (of everything), or both kinds
 * mixed, "cores=25%,gpus=1".  Percent may have two digits behind the point;
 * memory and drive are in MiB, or with K, M, G or T behind the number.
 */
#ifndef MODEL_QUOTA_H
#define MODEL_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/amount.h"

enum quota_kind {
	QUOTA_UNSET,
	QUOTA_NUMBER,
	QUOTA_PART, /* value: hundredths of a percent */
};

/* The whole, in a QUOTA_PART's measure. */
#define QUOTA_WHOLE 10000

struct quota {
	struct {
		enum quota_kind kind;
		uint64_t value;
	} of[RESOURCES];
};

/* "" is a quota that says nothing.  -1: one line without a place before it,
 * *q is as before. */
int quota_parse(const char *text, struct quota *q, struct berth_error *err);
/* As text that quota_parse reads; "" when it says nothing.  Room for
 * QUOTA_TEXT. */
#define QUOTA_TEXT 128
void quota_print(const struct quota *q, char *out, size_t size);

bool quota_empty(const struct quota *q);
/* Bit r: it says something of resource r. */
unsigned quota_mask(const struct quota *q);
/* In numbers, of a cluster of this size; what it says nothing of is 0. */
struct amount quota_amount(const struct quota *q, const struct amount *total);

#endif
