/* infos.c - see infos.h. */
#include "shepherd/infos.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void infos_init(struct infos *a)
{
	memset(a, 0, sizeof(*a));
}

void infos_finish(struct infos *a)
{
	for (size_t i = 0; i < a->n; i++)
		PMIX_INFO_DESTRUCT(&a->v[i]);
	free(a->v);
	infos_init(a);
}

static pmix_info_t *add(struct infos *a)
{
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 8;
		a->v = mem_resize(a->v, a->cap, sizeof(*a->v));
	}
	memset(&a->v[a->n], 0, sizeof(*a->v));
	PMIX_INFO_CONSTRUCT(&a->v[a->n]);
	return &a->v[a->n++];
}

void infos_string(struct infos *a, const char *key, const char *value)
{
	PMIX_INFO_LOAD(add(a), key, value, PMIX_STRING);
}

void infos_u32(struct infos *a, const char *key, uint32_t value)
{
	PMIX_INFO_LOAD(add(a), key, &value, PMIX_UINT32);
}

void infos_u16(struct infos *a, const char *key, uint16_t value)
{
	PMIX_INFO_LOAD(add(a), key, &value, PMIX_UINT16);
}

void infos_rank(struct infos *a, const char *key, pmix_rank_t value)
{
	PMIX_INFO_LOAD(add(a), key, &value, PMIX_PROC_RANK);
}

void infos_size(struct infos *a, const char *key, size_t value)
{
	PMIX_INFO_LOAD(add(a), key, &value, PMIX_SIZE);
}

void infos_bool(struct infos *a, const char *key, bool value)
{
	PMIX_INFO_LOAD(add(a), key, &value, PMIX_BOOL);
}

void infos_bytes(struct infos *a, const char *key, const void *data, size_t n)
{
	pmix_byte_object_t bo = { .bytes = (char *)data, .size = n };

	PMIX_INFO_LOAD(add(a), key, &bo, PMIX_BYTE_OBJECT);
}

void infos_proc(struct infos *a, const char *key, const pmix_proc_t *proc)
{
	PMIX_INFO_LOAD(add(a), key, proc, PMIX_PROC);
}

void infos_procs(struct infos *a, const char *key, const pmix_proc_t *procs,
		 size_t n)
{
	pmix_data_array_t array = { .type = PMIX_PROC,
				    .size = n,
				    .array = (void *)procs };

	PMIX_INFO_LOAD(add(a), key, &array, PMIX_DATA_ARRAY);
}

void infos_take(struct infos *a, const char *key, struct infos *part)
{
	pmix_info_t *i = add(a);
	pmix_data_array_t *array = mem_alloc(sizeof(*array));

	PMIX_LOAD_KEY(i->key, key);
	array->type = PMIX_INFO;
	array->size = part->n;
	array->array = part->v;
	i->value.type = PMIX_DATA_ARRAY;
	i->value.data.darray = array;
	infos_init(part);
}

void infos_copy(struct infos *a, const pmix_info_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		PMIX_INFO_XFER(add(a), (pmix_info_t *)&v[i]);
}

const pmix_info_t *infos_find(const pmix_info_t *v, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strncmp(v[i].key, key, PMIX_MAX_KEYLEN) == 0)
			return &v[i];
	}
	return NULL;
}

long infos_number(const pmix_info_t *v, size_t n, const char *key,
		  long otherwise)
{
	const pmix_info_t *i = infos_find(v, n, key);
	pmix_status_t rc = PMIX_SUCCESS;
	long number = otherwise;

	if (i == NULL)
		return otherwise;
	if (i->value.type == PMIX_DATA_RANGE)
		return i->value.data.range;
	if (i->value.type == PMIX_PERSIST)
		return i->value.data.persist;
	if (i->value.type == PMIX_STATUS)
		return i->value.data.status;
	PMIX_VALUE_GET_NUMBER(rc, (pmix_value_t *)&i->value, number, long);
	return rc == PMIX_SUCCESS ? number : otherwise;
}

bool infos_true(const pmix_info_t *v, size_t n, const char *key)
{
	const pmix_info_t *i = infos_find(v, n, key);

	/* A flag without a value says yes. */
	if (i == NULL || i->value.type != PMIX_BOOL)
		return i != NULL;
	return i->value.data.flag;
}

int infos_pack(struct buf *out, const pmix_info_t *v, size_t n)
{
	pmix_data_buffer_t b;
	pmix_status_t rc;

	PMIX_DATA_BUFFER_CONSTRUCT(&b);
	rc = PMIx_Data_pack(NULL, &b, &n, 1, PMIX_SIZE);
	if (rc == PMIX_SUCCESS && n > 0)
		rc = PMIx_Data_pack(NULL, &b, (void *)v, (int32_t)n, PMIX_INFO);
	if (rc == PMIX_SUCCESS)
		buf_add(out, b.base_ptr, b.bytes_used);
	PMIX_DATA_BUFFER_DESTRUCT(&b);
	return rc == PMIX_SUCCESS ? 0 : -1;
}

int infos_unpack(struct infos *a, const void *data, size_t len)
{
	pmix_data_buffer_t b;
	int32_t one = 1, got;
	pmix_info_t *v = NULL;
	pmix_status_t rc;
	size_t n = 0;

	if (len == 0)
		return 0;
	PMIX_DATA_BUFFER_CONSTRUCT(&b);
	/* The buffer takes the memory over. */
	b.base_ptr = mem_dup(data, len);
	b.pack_ptr = b.base_ptr + len;
	b.unpack_ptr = b.base_ptr;
	b.bytes_allocated = b.bytes_used = len;
	rc = PMIx_Data_unpack(NULL, &b, &n, &one, PMIX_SIZE);
	if (rc == PMIX_SUCCESS && n > len)
		rc = PMIX_ERR_UNPACK_FAILURE;
	if (rc == PMIX_SUCCESS && n > 0) {
		PMIX_INFO_CREATE(v, n);
		got = (int32_t)n;
		rc = PMIx_Data_unpack(NULL, &b, v, &got, PMIX_INFO);
		if (rc == PMIX_SUCCESS)
			infos_copy(a, v, (size_t)got);
		PMIX_INFO_FREE(v, n);
	}
	PMIX_DATA_BUFFER_DESTRUCT(&b);
	return rc == PMIX_SUCCESS ? 0 : -1;
}
