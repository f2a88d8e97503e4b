/*
 * infos.h - arrays of pmix_info_t: building, copying, packing.
 *
 * What is handed over belongs to the array from then on where a name says
 * "take"; everything else is copied.
 */
#ifndef SHEPHERD_INFOS_H
#define SHEPHERD_INFOS_H

#include <pmix.h>
#include <pmix_server.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct infos {
	pmix_info_t *v;
	size_t n, cap;
};

void infos_init(struct infos *a);
void infos_finish(struct infos *a);

void infos_string(struct infos *a, const char *key, const char *value);
void infos_u32(struct infos *a, const char *key, uint32_t value);
void infos_u16(struct infos *a, const char *key, uint16_t value);
void infos_rank(struct infos *a, const char *key, pmix_rank_t value);
void infos_size(struct infos *a, const char *key, size_t value);
void infos_bool(struct infos *a, const char *key, bool value);
void infos_bytes(struct infos *a, const char *key, const void *data, size_t n);
void infos_proc(struct infos *a, const char *key, const pmix_proc_t *proc);
void infos_procs(struct infos *a, const char *key, const pmix_proc_t *procs,
		 size_t n);
/* An array of infos as a value; `part` is empty after. */
void infos_take(struct infos *a, const char *key, struct infos *part);
void infos_copy(struct infos *a, const pmix_info_t *v, size_t n);

/* The first info of this key, or NULL. */
const pmix_info_t *infos_find(const pmix_info_t *v, size_t n, const char *key);
/* Its value as a number; otherwise if it is not there or no number. */
long infos_number(const pmix_info_t *v, size_t n, const char *key,
		  long otherwise);
/* Is it there and true? */
bool infos_true(const pmix_info_t *v, size_t n, const char *key);

/* To bytes (appended) and back; -1: they do not hold infos. */
int infos_pack(struct buf *out, const pmix_info_t *v, size_t n);
int infos_unpack(struct infos *a, const void *data, size_t len);

#endif
