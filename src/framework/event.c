#include "framework/event.h"

#include <string.h>

#include "framework/call.h"
#include "framework/codec.h"
#include "framework/shapes.h"

/* Events that are only a few numbers. */
struct numbers {
	size_t size;
	uint64_t id;
	unsigned deadline_ms;
	const uint64_t *slices;
	size_t n_slices;
	const char *node;
};

static const struct field cancel_fields[] = {
	FIELD(struct numbers, id, "job", FIELD_U64, .flags = FIELD_NEEDED),
	{ .name = NULL }
};
static const struct field rescind_fields[] = {
	FIELD(struct numbers, id, "offer", FIELD_U64, .flags = FIELD_NEEDED),
	{ .name = NULL }
};
static const struct field spared_fields[] = {
	FIELD(struct numbers, id, "slice", FIELD_U64, .flags = FIELD_NEEDED),
	{ .name = NULL }
};
static const struct field revoke_fields[] = {
	FIELD(struct numbers, id, "slice", FIELD_U64, .flags = FIELD_NEEDED),
	FIELD(struct numbers, deadline_ms, "deadline_ms", FIELD_U32),
	{ .name = NULL }
};
static const struct field lost_fields[] = {
	FIELD_LIST(struct numbers, slices, "slices", FIELD_U64S,
		   .flags = FIELD_NEEDED),
	FIELD(struct numbers, node, "node", FIELD_STRING),
	{ .name = NULL }
};

#define NUMBERS(name_)                                                         \
	static const struct shape name_##_shape = {                            \
		.name = #name_,                                                \
		.size = sizeof(struct numbers),                                \
		.fields = name_##_fields,                                      \
	}
NUMBERS(cancel);
NUMBERS(rescind);
NUMBERS(revoke);
NUMBERS(spared);
NUMBERS(lost);

/* What an event of each type holds: a thing in a member of its own (or the
 * event itself is the thing), or numbers. */
static const struct {
	const char *name;
	enum event_type type;
	const char *member;
	const struct shape *shape;
	size_t offset; /* of the pointer in struct event */
} types[] = {
#define THING(f) offsetof(struct event, f)
	{ "ping", EVENT_PING, NULL, NULL, 0 },
	{ "state", EVENT_STATE, NULL, &shape_state, THING(state) },
	{ "job", EVENT_JOB, "job", &shape_job, THING(job) },
	{ "cancel", EVENT_CANCEL, NULL, &cancel_shape, 0 },
	{ "offer", EVENT_OFFER, NULL, &shape_offer, THING(offer) },
	{ "rescind", EVENT_RESCIND, NULL, &rescind_shape, 0 },
	{ "task", EVENT_TASK, "task", &shape_task, THING(task) },
	{ "revoke", EVENT_REVOKE, NULL, &revoke_shape, 0 },
	{ "spared", EVENT_SPARED, NULL, &spared_shape, 0 },
	{ "lost", EVENT_LOST, NULL, &lost_shape, 0 },
	{ "error", EVENT_ERROR, NULL, NULL, 0 },
#undef THING
};
#define NTYPES (sizeof(types) / sizeof(types[0]))

void event_init(struct event *e)
{
	memset(e, 0, sizeof(*e));
	arena_init(&e->arena);
}

void event_finish(struct event *e)
{
	json_decref(e->json);
	arena_finish(&e->arena);
}

static void clear(struct event *e)
{
	struct arena arena;

	arena_reset(&e->arena);
	arena = e->arena;
	json_decref(e->json);
	memset(e, 0, sizeof(*e));
	e->arena = arena;
	e->type_name = "";
}

static int read_error(struct event *e, struct berth_error *err)
{
	const json_t *call = json_object_get(e->json, "call");
	const char *text =
		json_string_value(json_object_get(e->json, "error"));

	if (!json_is_object(call) || !text)
		return error_set(err, BERTH_EPROTO,
				 "no call or no error in it");
	e->refusal = call_refusal(call, text, &e->arena);
	return 0;
}

static int read_numbers(struct event *e, const struct shape *shape,
			struct berth_error *err)
{
	const struct numbers *n;

	n = codec_read(e->json, shape, &e->arena, err);
	if (!n)
		return -1;
	e->id = n->id;
	e->deadline_ms = n->deadline_ms;
	e->slices = n->slices;
	e->n_slices = n->n_slices;
	e->node = n->node;
	return 0;
}

static int read_type(struct event *e, size_t i, struct berth_error *err)
{
	const json_t *json = e->json;
	const void *thing;

	e->type = types[i].type;
	if (e->type == EVENT_ERROR)
		return read_error(e, err);
	if (!types[i].shape)
		return 0;
	if (!types[i].offset)
		return read_numbers(e, types[i].shape, err);
	if (types[i].member)
		json = json_object_get(json, types[i].member);
	thing = codec_read(json, types[i].shape, &e->arena, err);
	if (!thing)
		return -1;
	memcpy((char *)e + types[i].offset, &thing, sizeof(thing));
	return 0;
}

int event_read(struct event *e, const char *line, size_t len,
	       struct berth_error *err)
{
	json_error_t why;
	const char *name;

	clear(e);
	e->json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (!e->json)
		return error_set(err, BERTH_EPROTO, "column %d: %s",
				 why.column, why.text);
	name = json_string_value(json_object_get(e->json, "type"));
	if (!name)
		return error_set(err, BERTH_EPROTO, "no type in it");
	e->type_name = name;
	for (size_t i = 0; i < NTYPES; i++) {
		if (strcmp(name, types[i].name))
			continue;
		if (read_type(e, i, err) < 0)
			return error_prefix(err, "%s", name);
		return 0;
	}
	return 0;
}
