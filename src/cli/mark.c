/* mark.c - see mark.h. */
#include "cli/mark.h"

#include <string.h>

char mark_letter(long long job)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";

	if (job < 1)
		return '#';
	return letters[(job - 1) % (long long)(sizeof(letters) - 1)];
}

/* Colours of the 256-colour table that are told apart on light and dark. */
static int job_colour(long long job)
{
	static const int colours[] = {33, 208, 35, 170, 143, 37, 203, 99};

	return colours[job % (long long)(sizeof(colours) / sizeof(*colours))];
}

static void put(struct buf *out, long long job, const char *text, int times,
		bool colour)
{
	if (colour)
		buf_printf(out, "\033[38;5;%dm", job_colour(job));
	for (int i = 0; i < times; i++)
		buf_puts(out, text);
	if (colour)
		buf_puts(out, "\033[0m");
}

void mark_cores(struct buf *out, long long job, const char *state, int times,
		bool colour)
{
	char letter[2] = {mark_letter(job), '\0'};

	if (state == NULL || state[0] == '\0') {
		for (int i = 0; i < times; i++)
			buf_puts(out, MARK_FREE);
	} else if (strcmp(state, "offered") == 0) {
		for (int i = 0; i < times; i++)
			buf_puts(out, "?");
	} else {
		put(out, job < 0 ? 0 : job, letter, times, colour);
	}
}

void mark_job(struct buf *out, long long job, bool colour)
{
	mark_cores(out, job, "busy", 1, colour);
}
