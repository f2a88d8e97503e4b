/*
 * table.h - a JSON array of objects as aligned columns.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <jansson.h>
#include <stdio.h>

struct table_column {
	const char *title; /* NULL ends the table */
	/* Member, or "member.member". */
	const char *path;
	/* Instead of the member's own text; the caller of it frees.  value may
	 * be NULL. */
	char *(*show)(const json_t *row, const json_t *value);
};

/* Numbers stand to the right, the rest to the left. */
void table_print(FILE *out, const json_t *rows,
		 const struct table_column *columns);

/* For show: the number of elements of an array, a time of day, milliseconds as
 * "1:02:03", the strings of an array with commas between. */
char *table_count(const json_t *row, const json_t *value);
char *table_time(const json_t *row, const json_t *value);
char *table_strings(const json_t *row, const json_t *value);

/* "0:12", "1:02:03": a span of milliseconds; the caller frees. */
char *table_span(long long ms);

#endif
