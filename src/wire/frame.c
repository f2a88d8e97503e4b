/* frame.c - see frame.h. */
#include "wire/frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/mem.h"

#define MAGIC 0x42525448u /* "BRTH" */

static void put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

static void put32(unsigned char *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static unsigned get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

int frame_encode(struct buf *out, const Berth__Msg *msg,
		 struct berth_error *err)
{
	size_t len = berth__msg__get_packed_size(msg);
	unsigned char *p;

	if (len > FRAME_MAX)
		return error_set(err, BERTH_ELIMIT,
				 "a %s message of %zu bytes is larger than "
				 "the %u that a frame holds",
				 msg_name(msg), len, FRAME_MAX);
	p = (unsigned char *)buf_reserve(out, FRAME_HEADER + len);
	berth__msg__pack(msg, p + FRAME_HEADER);
	put32(p, MAGIC);
	put16(p + 4, FRAME_VERSION);
	put16(p + 6, 0);
	put32(p + 8, (uint32_t)len);
	put32(p + 12, crc32c(p + FRAME_HEADER, len));
	out->len += FRAME_HEADER + len;
	out->data[out->len] = '\0';
	return 0;
}

/* The length in a header that is ours; -1 if it is not.  Looks at no more
 * than the len bytes that are there, so that nonsense is refused at once. */
static long check_header(const unsigned char *p, size_t len,
			 struct berth_error *err)
{
	static const unsigned char magic[4] = {'B', 'R', 'T', 'H'};

	if (memcmp(p, magic, len < 4 ? len : 4) != 0)
		return error_set(err, BERTH_EPROTO,
				 "the peer does not speak Berth's protocol");
	if (len >= 6 && get16(p + 4) != FRAME_VERSION)
		return error_set(err, BERTH_EPROTO,
				 "the peer speaks version %u of Berth's "
				 "protocol, this is version %d",
				 get16(p + 4), FRAME_VERSION);
	if (len >= 8 && get16(p + 6) != 0)
		return error_set(err, BERTH_EPROTO,
				 "unknown flags 0x%x in a frame",
				 get16(p + 6));
	if (len < FRAME_HEADER)
		return 0;
	if (get32(p + 8) > FRAME_MAX)
		return error_set(err, BERTH_EPROTO,
				 "a frame of %u bytes, at most %u are allowed",
				 get32(p + 8), FRAME_MAX);
	return (long)get32(p + 8);
}

static bool is_sound(const ProtobufCMessage *m);

/* The messages in one field. */
static bool field_is_sound(const ProtobufCMessage *m,
			   const ProtobufCFieldDescriptor *f)
{
	const char *base = (const char *)m;
	const void *at = base + f->offset;
	const ProtobufCMessage *one;
	size_t n;

	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		ProtobufCMessage *const *list =
			*(ProtobufCMessage *const *const *)at;

		memcpy(&n, base + f->quantifier_offset, sizeof(n));
		for (size_t i = 0; i < n; i++) {
			if (!is_sound(list[i]))
				return false;
		}
		return true;
	}
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t which;

		memcpy(&which, base + f->quantifier_offset, sizeof(which));
		if (which != f->id)
			return true;
	}
	one = *(ProtobufCMessage *const *)at;
	return one == NULL || is_sound(one);
}

/* protobuf-c reads a field number 0 that is written in a roundabout way, but
 * would not read it again after packing it. */
static bool is_sound(const ProtobufCMessage *m)
{
	for (unsigned i = 0; i < m->n_unknown_fields; i++) {
		if (m->unknown_fields[i].tag == 0)
			return false;
	}
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];

		if (f->type == PROTOBUF_C_TYPE_MESSAGE && !field_is_sound(m, f))
			return false;
	}
	return true;
}

long frame_decode(const void *data, size_t len, Berth__Msg **msg, size_t *need,
		  struct berth_error *err)
{
	const unsigned char *p = data;
	long body = check_header(p, len, err);
	size_t total = FRAME_HEADER;

	if (body < 0)
		return -1;
	if (len >= FRAME_HEADER)
		total += (size_t)body;
	if (need)
		*need = total;
	if (len < FRAME_HEADER || len < total)
		return 0;
	if (crc32c(p + FRAME_HEADER, (size_t)body) != get32(p + 12))
		return error_set(err, BERTH_EPROTO,
				 "a damaged frame (wrong checksum)");
	*msg = berth__msg__unpack(NULL, (size_t)body, p + FRAME_HEADER);
	if (*msg && !is_sound(&(*msg)->base)) {
		msg_free(*msg);
		*msg = NULL;
	}
	if (*msg == NULL)
		return error_set(err, BERTH_EPROTO,
				 "a frame of %ld bytes that holds no message",
				 body);
	return (long)total;
}

void msg_free(Berth__Msg *msg)
{
	if (msg)
		berth__msg__free_unpacked(msg, NULL);
}

Berth__Msg *msg_copy(const Berth__Msg *msg)
{
	size_t len = berth__msg__get_packed_size(msg);
	uint8_t *packed = mem_array(len, 1);
	Berth__Msg *copy;

	berth__msg__pack(msg, packed);
	copy = berth__msg__unpack(NULL, len, packed);
	free(packed);
	if (copy == NULL)
		abort(); /* only when memory is gone */
	return copy;
}

const char *msg_name(const Berth__Msg *msg)
{
	const ProtobufCFieldDescriptor *field;

	if (msg->body_case == BERTH__MSG__BODY__NOT_SET)
		return "empty";
	field = protobuf_c_message_descriptor_get_field(
		&berth__msg__descriptor, (unsigned)msg->body_case);
	return field ? field->name : "unknown";
}
