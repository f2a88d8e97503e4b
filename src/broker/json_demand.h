/*
 * json_demand.h - a demand out of a request, and the parts of it that a job's
 * spec has as well.
 */
#ifndef BROKER_JSON_DEMAND_H
#define BROKER_JSON_DEMAND_H

#include <jansson.h>

#include "base/error.h"
#include "model/demand.h"

/* NULL: err names the member.  The caller destroys it. */
struct demand *json_demand_decode(json_t *v, const char *place,
				  struct berth_error *err);

/* Fill d from the "constraints" or "prefer" of a demand or a job. */
int json_demand_constraints(json_t *v, const char *place, struct demand *d,
			    struct berth_error *err);
int json_demand_prefer(json_t *v, const char *place, struct demand *d,
		       struct berth_error *err);

#endif
