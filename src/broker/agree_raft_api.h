/* agree_raft_api.h - libraft's header, and what differs between its 0.15 and
 * its 0.22 (0.16 and later look like the latter where it matters here). */
#ifndef BROKER_AGREE_RAFT_API_H
#define BROKER_AGREE_RAFT_API_H

#include <stdint.h> /* raft.h of 0.15 takes it for granted */

#include <raft.h>

#ifndef RAFT_VERSION_NUMBER /* up to 0.15 */
#define AGREE_RAFT_OLD 1
enum {
	AGREE_APPEND = RAFT_IO_APPEND_ENTRIES,
	AGREE_APPEND_RESULT = RAFT_IO_APPEND_ENTRIES_RESULT,
	AGREE_VOTE = RAFT_IO_REQUEST_VOTE,
	AGREE_VOTE_RESULT = RAFT_IO_REQUEST_VOTE_RESULT,
	AGREE_SNAPSHOT = RAFT_IO_INSTALL_SNAPSHOT,
	AGREE_TIMEOUT_NOW = RAFT_IO_TIMEOUT_NOW
};
#define AGREE_PRE_VOTE(b) ((b) ? raft_tribool_true : raft_tribool_false)
#define AGREE_IS_PRE_VOTE(v) ((v) == raft_tribool_true)
#define AGREE_SET_VERSION(part, v) ((void)(v))
#define AGREE_GET_VERSION(part) 0
#else
#define AGREE_RAFT_OLD 0
enum {
	AGREE_APPEND = RAFT_APPEND_ENTRIES,
	AGREE_APPEND_RESULT = RAFT_APPEND_ENTRIES_RESULT,
	AGREE_VOTE = RAFT_REQUEST_VOTE,
	AGREE_VOTE_RESULT = RAFT_REQUEST_VOTE_RESULT,
	AGREE_SNAPSHOT = RAFT_INSTALL_SNAPSHOT,
	AGREE_TIMEOUT_NOW = RAFT_TIMEOUT_NOW
};
#define AGREE_PRE_VOTE(b) (b)
#define AGREE_IS_PRE_VOTE(v) (v)
#define AGREE_SET_VERSION(part, v) ((part)->version = (unsigned char)(v))
#define AGREE_GET_VERSION(part) ((part)->version)
#endif

#endif
