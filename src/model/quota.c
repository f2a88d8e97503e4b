/* quota.c - see quota.h. */
#include "model/quota.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* More than any cluster has. */
#define MOST (UINT64_C(1) << 50)

/* ---- reading ---- */

/* Digits, and up to two behind a point: in hundredths.  Returns what follows,
 * NULL when there is no such number. */
static const char *read_number(const char *text, uint64_t *hundredths)
{
	uint64_t v = 0, place = 10;

	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text); text++) {
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > MOST)
			return NULL;
	}
	v *= 100;
	if (*text == '.') {
		for (text++; isdigit((unsigned char)*text); text++) {
			v += (uint64_t)(*text - '0') * place;
			place /= 10;
		}
	}
	*hundredths = v;
	return text;
}

/* MiB in one of the unit; 0: no such unit. */
static double unit_mib(const char *unit)
{
	static const struct {
		const char *name;
		double mib;
	} units[] = {{"", 1},	     {"K", 1.0 / 1024}, {"M", 1},
		     {"G", 1024},    {"T", 1048576},	{"KiB", 1.0 / 1024},
		     {"MiB", 1},     {"GiB", 1024},	{"TiB", 1048576}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcasecmp(units[i].name, unit) == 0)
			return units[i].mib;
	}
	return 0;
}

static int read_value(const char *text, enum resource r, struct quota *q,
		      struct berth_error *err)
{
	bool sized = r == RESOURCE_MEMORY || r == RESOURCE_DRIVE;
	uint64_t v = 0;
	const char *unit = read_number(text, &v);

	if (unit != NULL && strcmp(unit, "%") == 0) {
		if (v > QUOTA_WHOLE)
			return error_set(err, BERTH_EINPUT,
					 "%s=%s: more than the whole cluster",
					 resource_name(r), text);
		q->of[r].kind = QUOTA_PART;
		q->of[r].value = v;
		return 0;
	}
	if (unit == NULL || (!sized && (*unit != '\0' || v % 100 != 0)) ||
	    (sized && unit_mib(unit) == 0))
		return error_set(err, BERTH_EINPUT,
				 "%s=%.32s: a number%s or a part like 25%% is "
				 "wanted", resource_name(r), text,
				 sized ? " of MiB, a size like 64G" : "");
	q->of[r].kind = QUOTA_NUMBER;
	q->of[r].value = v / 100;
	if (sized)
		q->of[r].value = (uint64_t)((double)v * unit_mib(unit) / 100);
	return 0;
}

static int read_item(char *item, struct quota *q, struct berth_error *err)
{
	char *value = strchr(item, '=');

	if (value == NULL)
		return error_set(err, BERTH_EINPUT,
				 "\"%.32s\": write cores=8, memory=64G, gpus=1, "
				 "drive=1T, with commas between, or 25%%", item);
	*value++ = '\0';
	for (int r = 0; r < RESOURCES; r++) {
		if (strcmp(item, resource_name(r)) != 0)
			continue;
		if (q->of[r].kind != QUOTA_UNSET)
			return error_set(err, BERTH_EINPUT, "%s: named twice",
					 item);
		return read_value(value, r, q, err);
	}
	return error_set(err, BERTH_EINPUT,
			 "\"%.32s\": no such resource; there are cores, memory, "
			 "gpus and drive", item);
}

int quota_parse(const char *text, struct quota *q, struct berth_error *err)
{
	struct quota out = {0};
	char copy[QUOTA_TEXT], *item, *save = NULL;

	if (strlen(text) >= sizeof(copy))
		return error_set(err, BERTH_EINPUT, "\"%.32s…\" is too long",
				 text);
	strcpy(copy, text);
	if (strchr(copy, '=') == NULL && strchr(copy, '%') != NULL) {
		for (int r = 0; r < RESOURCES; r++) {
			if (read_value(copy, r, &out, err) != 0)
				return -1;
		}
		*q = out;
		return 0;
	}
	for (item = strtok_r(copy, ", ", &save); item != NULL;
	     item = strtok_r(NULL, ", ", &save)) {
		if (read_item(item, &out, err) != 0)
			return -1;
	}
	*q = out;
	return 0;
}

/* ---- writing ---- */

static void put_value(const struct quota *q, enum resource r, char *out,
		      size_t size)
{
	unsigned long long v = q->of[r].value;

	if (q->of[r].kind == QUOTA_NUMBER)
		snprintf(out, size, "%llu", v);
	else if (v % 100 == 0)
		snprintf(out, size, "%llu%%", v / 100);
	else
		snprintf(out, size, "%llu.%02llu%%", v / 100, v % 100);
}

/* The same part of everything. */
static bool uniform(const struct quota *q)
{
	for (int r = 0; r < RESOURCES; r++) {
		if (q->of[r].kind != QUOTA_PART ||
		    q->of[r].value != q->of[0].value)
			return false;
	}
	return true;
}

void quota_print(const struct quota *q, char *out, size_t size)
{
	size_t n = 0;
	char value[32];

	out[0] = '\0';
	if (uniform(q)) {
		put_value(q, 0, out, size);
		return;
	}
	for (int r = 0; r < RESOURCES && n < size; r++) {
		if (q->of[r].kind == QUOTA_UNSET)
			continue;
		put_value(q, r, value, sizeof(value));
		n += (size_t)snprintf(out + n, size - n, "%s%s=%s",
				      n > 0 ? "," : "", resource_name(r),
				      value);
	}
}

/* ---- meaning ---- */

unsigned quota_mask(const struct quota *q)
{
	unsigned mask = 0;

	for (int r = 0; r < RESOURCES; r++) {
		if (q->of[r].kind != QUOTA_UNSET)
			mask |= 1u << r;
	}
	return mask;
}

bool quota_empty(const struct quota *q)
{
	return quota_mask(q) == 0;
}

struct amount quota_amount(const struct quota *q, const struct amount *total)
{
	struct amount a = {0, 0, 0, 0};

	for (int r = 0; r < RESOURCES; r++) {
		uint64_t v = q->of[r].value;

		if (q->of[r].kind == QUOTA_PART)
			v = v * amount_get(total, r) / QUOTA_WHOLE;
		if (q->of[r].kind != QUOTA_UNSET)
			amount_set(&a, r, v);
	}
	return a;
}
