/* Frames from a peer; and any Msg survives encoding and decoding. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_frame(const uint8_t *data, size_t size)
{
	struct berth_error err = {0};
	Berth__Msg *msg = NULL;
	size_t need = 0;
	long n = frame_decode(data, size, &msg, &need, &err);

	if (n < 0 && (err.text[0] == '\0' || strchr(err.text, '\n')))
		abort();
	if (n == 0 && (need < FRAME_HEADER || need <= size))
		abort();
	if (n > 0 && ((size_t)n > size || need != (size_t)n))
		abort();
	if (n > 0)
		msg_free(msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Berth__Msg *msg = berth__msg__unpack(NULL, size, data);
	Berth__Msg *again = NULL;
	struct buf out;

	check_frame(data, size);
	if (msg == NULL)
		return 0;
	buf_init(&out);
	if (frame_encode(&out, msg, NULL) != 0)
		abort();
	/* What frame_decode takes can be sent on and copied. */
	if (frame_decode(out.data, out.len, &again, NULL, NULL) > 0) {
		Berth__Msg *copy = msg_copy(again);

		if (strcmp(msg_name(msg), msg_name(copy)) != 0)
			abort();
		msg_free(copy);
		msg_free(again);
	}
	/* One bit wrong in the body is noticed. */
	if (out.len > FRAME_HEADER) {
		out.data[FRAME_HEADER + size % (out.len - FRAME_HEADER)] ^= 4;
		if (frame_decode(out.data, out.len, &again, NULL, NULL) >= 0)
			abort();
	}
	check_frame((const uint8_t *)out.data, out.len);
	msg_free(msg);
	buf_finish(&out);
	return 0;
}
