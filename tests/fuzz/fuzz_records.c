/* What was agreed on: a record, and a snapshot that holds what can be read of
 * it, whole. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "broker/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct records *r)
{
	struct records *again = records_create();
	struct buf one, two;

	buf_init(&one);
	buf_init(&two);
	records_snapshot(r, &one);
	if (records_restore(again, one.data, one.len, NULL) != 0)
		abort();
	records_snapshot(again, &two);
	if (one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
		abort();
	buf_finish(&one);
	buf_finish(&two);
	records_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct records *r = records_create();
	struct berth_error err = {0};

	if (records_apply(r, data, size, &err) != 0 && err.text[0] == '\0')
		abort();
	records_apply(r, data, size, NULL);
	check_again(r);
	if (records_restore(r, data, size, &err) == 0)
		check_again(r);
	records_destroy(r);
	return 0;
}
