/* table.c - see table.h. */
#include "cli/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"

static const json_t *member(const json_t *row, const char *path)
{
	char name[64];
	size_t len;

	while (row != NULL && path[0] != '\0') {
		len = strcspn(path, ".");
		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		row = json_object_get(row, name);
		path += len + (path[len] == '.');
	}
	return row;
}

static char *cell(const struct table_column *c, const json_t *row)
{
	const json_t *v = member(row, c->path);

	if (c->show != NULL)
		return c->show(row, v);
	if (json_is_string(v))
		return mem_strdup(json_string_value(v));
	if (json_is_integer(v))
		return mem_printf("%lld", (long long)json_integer_value(v));
	if (json_is_boolean(v))
		return mem_strdup(json_is_true(v) ? "yes" : "no");
	return mem_strdup("");
}

static bool numeric(const char *s)
{
	return s[0] == '\0' || s[strspn(s, "0123456789:.-%")] == '\0';
}

/* Columns of text that s takes: UTF-8 continuation bytes take none. */
static int width(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(FILE *out, const char *s, int room, bool right,
		       bool last)
{
	int pad = room - width(s);

	fprintf(out, "%*s%s%*s", right && pad > 0 ? pad : 0, "", s,
		!right && !last && pad > 0 ? pad : 0, "");
	fputs(last ? "\n" : "  ", out);
}

void table_print(FILE *out, const json_t *rows,
		 const struct table_column *columns)
{
	size_t nrows = json_array_size(rows), ncols = 0;
	char **text;
	int *room;
	bool *right;

	while (columns[ncols].title != NULL)
		ncols++;
	text = mem_array((nrows + 1) * ncols, sizeof(*text));
	room = mem_array(ncols, sizeof(*room));
	right = mem_array(ncols, sizeof(*right));
	for (size_t c = 0; c < ncols; c++) {
		room[c] = width(columns[c].title);
		right[c] = nrows > 0;
		for (size_t r = 0; r < nrows; r++) {
			char *s = cell(&columns[c], json_array_get(rows, r));

			text[r * ncols + c] = s;
			right[c] = right[c] && numeric(s);
			if (width(s) > room[c])
				room[c] = width(s);
		}
	}
	for (size_t c = 0; c < ncols; c++)
		print_cell(out, columns[c].title, room[c], right[c],
			   c + 1 == ncols);
	for (size_t i = 0; i < nrows * ncols; i++) {
		size_t c = i % ncols;

		print_cell(out, text[i], room[c], right[c], c + 1 == ncols);
		free(text[i]);
	}
	free(text);
	free(room);
	free(right);
}

char *table_count(const json_t *row, const json_t *value)
{
	return mem_printf("%zu", json_array_size(value));
}

char *table_time(const json_t *row, const json_t *value)
{
	time_t t = (time_t)(json_integer_value(value) / 1000);
	char text[32] = "-";
	struct tm tm;

	if (t > 0 && localtime_r(&t, &tm) != NULL)
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	return mem_strdup(text);
}

char *table_strings(const json_t *row, const json_t *value)
{
	struct buf b;
	const json_t *s;
	size_t i;

	buf_init(&b);
	buf_puts(&b, "");
	json_array_foreach(value, i, s) {
		if (i > 0)
			buf_puts(&b, ",");
		if (json_is_string(s))
			buf_puts(&b, json_string_value(s));
		else
			buf_printf(&b, "%lld",
				   (long long)json_integer_value(s));
	}
	return buf_take(&b);
}

char *table_span(long long ms)
{
	long long s = ms < 0 ? 0 : ms / 1000;

	if (s >= 3600)
		return mem_printf("%lld:%02lld:%02lld", s / 3600, s / 60 % 60,
				  s % 60);
	return mem_printf("%lld:%02lld", s / 60, s % 60);
}
