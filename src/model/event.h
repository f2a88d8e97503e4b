/*
 * event.h - all that can happen to the state of a cluster, as plain data.
 *
 * An event says everything that is needed to apply it again to a ledger that
 * saw the same events before: offers carry the exact slices, not the request
 * that they came from.  Its pointers are the maker's and are only read while
 * it is applied and heard.
 */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/demand.h"
#include "model/job.h"
#include "model/node.h"
#include "model/role.h"
#include "model/slice.h"
#include "model/task.h"
#include "model/topology.h"

/* type, name, member of the union */
#define EVENT_MAP(X)                                                           \
	X(NODE_UP, "node_up", node_up)                                         \
	X(NODE_DOWN, "node_down", node)                                        \
	X(NODE_DRAINED, "node_drained", node)                                  \
	X(NODE_RESUMED, "node_resumed", node)                                  \
	X(ROLE_SET, "role_set", role_set)                                      \
	X(ROLE_REMOVED, "role_removed", role)                                  \
	X(FRAMEWORK_REGISTERED, "framework_registered", registered)            \
	X(FRAMEWORK_AWAY, "framework_away", framework)                         \
	X(FRAMEWORK_GONE, "framework_gone", framework)                         \
	X(FRAMEWORK_REMOVED, "framework_removed", framework)                   \
	X(FRAMEWORK_SUPPRESSED, "framework_suppressed", framework)             \
	X(FRAMEWORK_REVIVED, "framework_revived", framework)                   \
	X(FRAMEWORK_ASKED, "framework_asked", framework)                       \
	X(DEMAND_SET, "demand_set", demand_set)                                \
	X(DEMAND_WITHDRAWN, "demand_withdrawn", demand)                        \
	X(FILTER_EXPIRED, "filter_expired", demand)                            \
	X(OFFER_MADE, "offer_made", offer_made)                                \
	X(OFFER_ACCEPTED, "offer_accepted", offer)                             \
	X(OFFER_DECLINED, "offer_declined", offer)                             \
	X(OFFER_RESCINDED, "offer_rescinded", offer)                           \
	X(OFFER_EXPIRED, "offer_expired", offer)                               \
	X(SLICE_RELEASED, "slice_released", slice)                             \
	X(SLICE_LOST, "slice_lost", slice)                                     \
	X(SLICE_ADOPTED, "slice_adopted", slice_adopted)                       \
	X(SLICE_REVOKING, "slice_revoking", revoking)                          \
	X(SLICE_TOLD, "slice_told", slice)                                     \
	X(SLICE_SPARED, "slice_spared", slice)                                 \
	X(DATASET_STORED, "dataset_stored", dataset)                           \
	X(DATASET_REMOVED, "dataset_removed", dataset)                         \
	X(JOB_SUBMITTED, "job_submitted", job_submitted)                       \
	X(JOB_CANCELLED, "job_cancelled", job)                                 \
	X(JOB_STARTED, "job_started", job)                                     \
	X(JOB_FINISHED, "job_finished", job)                                   \
	X(JOB_COLLAPSED, "job_collapsed", job)                                 \
	X(JOB_FORGOTTEN, "job_forgotten", job)                                 \
	X(TASK_LAUNCHED, "task_launched", task_launched)                       \
	X(TASK_RECALLED, "task_recalled", task_recalled)                       \
	X(TASK_ADOPTED, "task_adopted", task_adopted)                          \
	X(TASK_STARTED, "task_started", task)                                  \
	X(TASK_FINISHED, "task_finished", task)

enum event_type {
#define X(type, name, member) EVENT_##type,
	EVENT_MAP(X)
#undef X
	EVENT_TYPES
};

struct event {
	enum event_type type;
	uint64_t at_us;
	union {
		/* A node came, or came again; nothing of it is taken.
		 * topology is sealed; a reference is taken. */
		struct {
			const char *node;
			const struct topology *topology;
			const struct label *labels;
			size_t nlabels;
			bool emulated;
		} node_up;
		/* down: it has no slices any more. */
		struct {
			const char *node;
			const char *text; /* why; NULL: not known */
		} node;
		struct {
			const struct role_setting *setting;
		} role_set;
		/* removed: nothing is set for it any more. */
		struct {
			const char *role;
		} role;
		/* Also of a framework that is known, with a new session. */
		struct {
			const char *framework, *role, *session;
			uint64_t failover_us, react_us;
		} registered;
		/* away: it has no open offers; removed: nothing at all. */
		struct {
			const char *framework;
			const char *demand; /* asked: under this name */
		} framework;
		struct {
			const char *framework;
			const struct demand *demand; /* checked */
		} demand_set;
		/* withdrawn: no offers for it are open.  Filter of this node,
		 * NULL: of all nodes. */
		struct {
			const char *framework, *demand, *node;
		} demand;
		/* slices: as fit_place made them, with their ids. */
		struct {
			uint64_t offer;
			const char *framework, *demand;
			struct slice *const *slices;
			size_t nslices;
			uint64_t expires_us;
			bool asked; /* for no demand: whatever is free */
		} offer_made;
		/*
		 * The end of an offer.  accepted: these slices are held.
		 * What is not accepted is free; until filter_us (0: no filter)
		 * its nodes, or those named, or (all) no node at all will be
		 * offered for the demand.
		 */
		struct {
			uint64_t offer;
			const char *framework, *demand;
			const uint64_t *slices;
			size_t nslices;
			uint64_t filter_us;
			const char *const *nodes;
			size_t nnodes;
			bool all;
			const char *text; /* rescinded: why */
		} offer;
		/* Nothing runs in it.  told: it is to be given back and its
		 * tasks hear of it from now on; spared: it is to be given
		 * back no more, and no task had heard of it. */
		struct {
			uint64_t slice;
			const char *framework, *node;
			uint64_t job;
		} slice;
		/* An earlier leader gave it to the framework, with this id. */
		struct {
			const struct slice *slice;
			const char *framework, *role;
		} slice_adopted;
		/* It is to be given back until then, for this demand of the
		 * claimant's, or (both NULL) because its node is drained; its
		 * tasks hear of it react_us from now.  It ends as released or
		 * lost, if it is not spared. */
		struct {
			uint64_t slice;
			const char *framework, *node, *role;
			uint64_t job;
			uint64_t deadline_us, react_us;
			const char *claimant, *demand;
			bool lent; /* to be called back for this gang */
		} revoking;
		/* The node holds it; removed: no more. */
		struct {
			const char *dataset, *node;
			uint64_t mib, job;
			const char *text; /* removed: why; NULL: on request */
		} dataset;
		struct {
			uint64_t job; /* greater than every one before */
			const char *name, *framework, *role, *user, *spec;
			int32_t priority;
			uint64_t grace_us;
			const char *const *leaves; /* see job.h; or NULL */
			size_t nleaves;
		} job_submitted;
		/* finished: outcome and what follows; none of its tasks is
		 * left.  collapsed: how many tasks there were, where an
		 * earlier leader saw them; else 0. */
		struct {
			uint64_t job;
			enum job_outcome outcome;
			int32_t exit_code, signal;
			const char *text;
			uint32_t launched, done, failed;
		} job;
		struct {
			uint64_t job;
			uint32_t index;
			uint64_t slice;
			int64_t array_index;
			const uint32_t *ranks;
			uint32_t nranks;
		} task_launched;
		/* An earlier leader gave it to that node: it has ended since,
		 * or (status.state TASK_STARTING) the node is yet to be heard
		 * of it.  It has no slice. */
		struct {
			uint64_t job;
			uint32_t index;
			const char *node;
			uint64_t slice;
			int64_t array_index;
			const uint32_t *ranks;
			uint32_t nranks;
			struct task_status status;
		} task_recalled;
		/* It runs in this slice. */
		struct {
			uint64_t job;
			uint32_t index;
			uint64_t slice;
		} task_adopted;
		/* status.state is implied by the type. */
		struct {
			uint64_t job;
			uint32_t index;
			struct task_status status;
		} task;
	};
};

const char *event_name(enum event_type type);

#endif
