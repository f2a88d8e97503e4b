/* frame_test.c */
#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "unit.h"

static void encode(struct buf *out, const char *node, const char *roster)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Roster r = BERTH__ROSTER__INIT;

	msg.to_node = (char *)node;
	msg.body_case = BERTH__MSG__BODY_ROSTER;
	msg.roster = &r;
	r.berth = (char *)roster;
	r.version = 77;
	CU_ASSERT_EQUAL(frame_encode(out, &msg, NULL), 0);
}

/* Byte by byte, two frames behind each other. */
static void test_pieces(void)
{
	struct buf b;
	size_t first, need = 0;
	Berth__Msg *msg = NULL;

	buf_init(&b);
	encode(&b, "n1", "alpha");
	first = b.len;
	encode(&b, "n2", "beta");
	for (size_t n = 0; n < first; n++) {
		CU_ASSERT_EQUAL(frame_decode(b.data, n, &msg, &need, NULL), 0);
		CU_ASSERT_EQUAL(need, n < FRAME_HEADER ? FRAME_HEADER : first);
	}
	CU_ASSERT_EQUAL_FATAL(frame_decode(b.data, b.len, &msg, &need, NULL),
			      (long)first);
	CU_ASSERT_STRING_EQUAL(msg->to_node, "n1");
	CU_ASSERT_STRING_EQUAL(msg->roster->berth, "alpha");
	CU_ASSERT_STRING_EQUAL(msg_name(msg), "roster");
	msg_free(msg);
	CU_ASSERT_EQUAL_FATAL(
		frame_decode(b.data + first, b.len - first, &msg, NULL, NULL),
		(long)(b.len - first));
	CU_ASSERT_EQUAL(msg->roster->version, 77);
	Berth__Msg *copy = msg_copy(msg);
	msg_free(msg);
	CU_ASSERT_STRING_EQUAL(copy->roster->berth, "beta");
	msg_free(copy);
	msg_free(NULL);
	buf_finish(&b);
}

static void refuse(struct buf *b, size_t at, unsigned char value,
		   const char *why)
{
	char *data = mem_dup(b->data, b->len);
	struct berth_error err = {0};
	Berth__Msg *msg = NULL;

	data[at] = (char)value;
	CU_ASSERT_EQUAL(frame_decode(data, b->len, &msg, NULL, &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_EPROTO);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
	free(data);
}

static void test_refused(void)
{
	Berth__Msg *msg = NULL;
	struct buf b;

	buf_init(&b);
	encode(&b, "n", "x");
	refuse(&b, 0, 'H', "does not speak");
	refuse(&b, 5, 9, "version 9");
	refuse(&b, 7, 1, "flags");
	refuse(&b, 8, 0xff, "at most");
	refuse(&b, 15, (unsigned char)(b.data[15] ^ 1), "checksum");
	refuse(&b, b.len - 1, (unsigned char)(b.data[b.len - 1] ^ 1),
	       "checksum");
	/* A stranger is known by the first bytes already. */
	CU_ASSERT_EQUAL(frame_decode("GE", 2, &msg, NULL, NULL), -1);
	buf_finish(&b);
}

static void test_limit(void)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__OutputData data = BERTH__OUTPUT_DATA__INIT;
	struct berth_error err;
	struct buf b;

	buf_init(&b);
	buf_puts(&b, "before");
	msg.body_case = BERTH__MSG__BODY_OUTPUT_DATA;
	msg.output_data = &data;
	data.data.len = FRAME_MAX;
	data.data.data = mem_array(1, FRAME_MAX);
	CU_ASSERT_EQUAL(frame_encode(&b, &msg, &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_ELIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "output_data"));
	CU_ASSERT_STRING_EQUAL(b.data, "before");
	free(data.data.data);
	buf_finish(&b);
}

/* The checksum is CRC-32C: "123456789" gives e3069283 (RFC 3720's check); the
 * nine bytes happen to be a Msg with one unknown field. */
static void test_crc(void)
{
	unsigned char frame[FRAME_HEADER + 9] = {
		'B', 'R', 'T', 'H', 0,	  1,	0,    0,
		0,   0,	  0,   9,   0xe3, 0x06, 0x92, 0x83};
	/* crc32c of the byte ff is ff000000; one such byte is no Msg. */
	static const unsigned char junk[FRAME_HEADER + 1] = {
		'B', 'R', 'T', 'H', 0,	  1, 0, 0,
		0,   0,	  0,   1,   0xff, 0, 0, 0, 0xff};
	struct berth_error err;
	Berth__Msg *msg = NULL;

	memcpy(frame + FRAME_HEADER, "123456789", 9);
	CU_ASSERT_EQUAL(frame_decode(frame, sizeof(frame), &msg, NULL, &err),
			FRAME_HEADER + 9);
	CU_ASSERT_STRING_EQUAL(msg_name(msg), "empty");
	msg_free(msg);
	frame[15] ^= 1;
	CU_ASSERT_EQUAL(frame_decode(frame, sizeof(frame), &msg, NULL, &err),
			-1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "checksum"));
	CU_ASSERT_EQUAL(frame_decode(junk, sizeof(junk), &msg, NULL, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "holds no message"));
}

static const struct unit_test tests[] = {
	{"piece by piece", test_pieces},
	{"what is refused", test_refused},
	{"too large", test_limit},
	{"checksum", test_crc},
};

UNIT_MAIN("frame", tests)
