/* shapes.h - the tables that tie the plugin ABI's structs to the HTTP API's
 * JSON (doc/api.md). */
#ifndef FRAMEWORK_SHAPES_H
#define FRAMEWORK_SHAPES_H

#include "framework/codec.h"

extern const struct shape shape_job, shape_task, shape_slice, shape_offer,
	shape_state;			     /* read */
extern const struct shape shape_demand, shape_launch; /* written */

/* Words in the order of enum berth_outcome and enum berth_call. */
extern const char *const shape_outcomes[], *const shape_calls[];

#endif
