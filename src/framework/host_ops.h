/* host_ops.h - the operations that a plugin is handed. */
#ifndef FRAMEWORK_HOST_OPS_H
#define FRAMEWORK_HOST_OPS_H

#include <berth/plugin.h>
#include <sys/queue.h>

#include "io/loop.h"

extern const struct berth_host_ops host_ops;

struct berth_timer {
	TAILQ_ENTRY(berth_timer) link;
	struct berth_host *host;
	struct loop_timer *timer;
	berth_timer_f cb;
	void *arg;
};
TAILQ_HEAD(berth_timer_list, berth_timer);

#endif
