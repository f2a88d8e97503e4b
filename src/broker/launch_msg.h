/*
 * launch_msg.h - Launch messages out of the model and a framework's call.
 */
#ifndef BROKER_LAUNCH_MSG_H
#define BROKER_LAUNCH_MSG_H

#include "broker/json_launch.h"
#include "model/slice.h"
#include "wire/frame.h"

/* What the job and its framework add. */
struct launch_ident {
	uint64_t job;
	const char *framework;
	const char *shepherd; /* key */
	const char *nspace;   /* with pmix */
};

/* A Launch without tasks; freed with msg_free.  slices (with pmix) are those
 * of call->task, in their order: they say on which nodes the ranks are. */
Berth__Msg *launch_msg_create(const struct launch_ident *id,
			      const struct launch_call *call,
			      const struct job_spec *spec,
			      const struct slice *const *slices);
void launch_msg_add(Berth__Msg *msg, uint64_t job, const struct launch_task *t,
		    const struct slice *slice);

#endif
