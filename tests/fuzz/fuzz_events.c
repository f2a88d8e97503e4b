/* fuzz_events.c - the decoder of the event stream: any bytes are an event or
 * an error, never a crash. */
#include <stddef.h>
#include <stdint.h>

#include "framework/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct berth_error err;
	struct event e;

	event_init(&e);
	/* Twice: the second decodes over what the first has left. */
	event_read(&e, (const char *)data, size, &err);
	event_read(&e, (const char *)data, size / 2, &err);
	event_finish(&e);
	return 0;
}
