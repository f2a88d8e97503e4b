/*
 * frame.h - one Msg in one frame.
 *
 * A frame is a 16-byte header and the packed Msg.  The header, big endian:
 *   u32 magic "BRTH"   u16 version   u16 flags (0)   u32 length   u32 crc32c
 * length counts the bytes after the header and is checked against
 * FRAME_MAX before memory is taken; crc32c covers those bytes.
 * The same bytes travel over MPI, TCP and Unix sockets.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/berth.pb-c.h"

#define FRAME_HEADER 16
#define FRAME_VERSION 1
#define FRAME_MAX (64u << 20)

/* Append the frame of msg to out.  -1 when it would exceed FRAME_MAX; out is
 * then unchanged. */
int frame_encode(struct buf *out, const Berth__Msg *msg,
		 struct berth_error *err);

/*
 * Decode the first frame in data.  Returns the bytes that it took, 0 when it
 * is not complete yet (*need, which may be NULL, then says how many bytes the
 * frame has in all, or FRAME_HEADER), -1 when it is no frame of ours: wrong
 * magic, another version, too long, damaged, not a Msg; nothing after it in
 * the stream can be trusted then.  The caller frees *msg with msg_free.
 */
long frame_decode(const void *data, size_t len, Berth__Msg **msg, size_t *need,
		  struct berth_error *err);

void msg_free(Berth__Msg *msg); /* NULL is fine */

/* A deep copy, by packing and unpacking. */
Berth__Msg *msg_copy(const Berth__Msg *msg);

/* "launch", "task_report", …: for logs. */
const char *msg_name(const Berth__Msg *msg);

#endif
