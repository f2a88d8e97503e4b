/* event.c - see event.h. */
#include "model/event.h"

const char *event_name(enum event_type type)
{
	static const char *const names[EVENT_TYPES] = {
#define X(type, name, member) [EVENT_##type] = name,
		EVENT_MAP(X)
#undef X
	};

	return names[type];
}
