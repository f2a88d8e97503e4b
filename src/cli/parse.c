/* parse.c - see parse.h. */
#include "cli/parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Larger counts, milliseconds and MiB make no sense and may overflow. */
#define LIMIT 1000000000000000LL

int parse_count(const char *what, const char *text, long long *out,
		struct berth_error *err)
{
	char *end = NULL;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || n > LIMIT)
		return error_set(err, BERTH_EINPUT,
				 "%s: '%s' is not a whole number", what, text);
	*out = n;
	return 0;
}

static int bad_time(const char *what, const char *text, struct berth_error *err)
{
	return error_set(err, BERTH_EINPUT,
			 "%s: '%s' is not a time; write 90s, 1:30, 1:00:00, "
			 "1-12:00:00 or 2h30m",
			 what, text);
}

/* The decimal number at *p, which is moved behind it; -1 if there is none. */
static double number_at(const char **p)
{
	size_t len = strspn(*p, "0123456789.");
	char *end;
	double n;

	if (!isdigit((unsigned char)**p))
		return -1;
	n = strtod(*p, &end);
	/* strtod also takes 0x10 and 1e9. */
	if (end != *p + len)
		return -1;
	*p = end;
	return n;
}

/* "1h30m": numbers, each with its unit. */
static int time_with_units(const char *text, double *ms)
{
	static const struct {
		const char *unit;
		double ms;
	} units[] = {{"ms", 1},	     {"s", 1000},      {"m", 60000},
		     {"min", 60000}, {"h", 3600000.0}, {"d", 86400000.0}};
	const char *p = text;
	double sum = 0;

	while (*p) {
		double n = number_at(&p);
		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyz");
		double factor = 0;

		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if (strlen(units[i].unit) == len &&
			    strncmp(units[i].unit, p, len) == 0)
				factor = units[i].ms;
		}
		if (n < 0 || factor == 0)
			return -1;
		sum += n * factor;
		p += len;
	}
	*ms = sum;
	return text[0] ? 0 : -1;
}

/* "[D-]H:M:S", "M:S", "S"; behind days "H[:M[:S]]", as Slurm has it. */
static int time_with_colons(const char *text, double *ms)
{
	const char *p = text;
	double days = 0, part[3];
	int n = 0;
	const char *dash = strchr(text, '-');

	if (dash) {
		days = number_at(&p);
		if (days < 0 || p != dash)
			return -1;
		p++;
	}
	for (;;) {
		if (n == 3)
			return -1;
		part[n] = number_at(&p);
		if (part[n++] < 0)
			return -1;
		if (*p == '\0')
			break;
		if (*p++ != ':')
			return -1;
	}
	for (int i = 1; i < n; i++) {
		if (part[i] >= 60)
			return -1;
	}
	if (dash) {
		*ms = days * 86400 + part[0] * 3600;
		*ms += (n > 1 ? part[1] * 60 : 0) + (n > 2 ? part[2] : 0);
	} else {
		*ms = 0;
		for (int i = 0; i < n; i++)
			*ms = *ms * 60 + part[i];
	}
	*ms *= 1000;
	return 0;
}

int parse_time(const char *what, const char *text, long long bare_ms,
	       long long *ms, struct berth_error *err)
{
	double value;

	if (text[strspn(text, "0123456789.")] == '\0') {
		const char *p = text;

		value = number_at(&p) * (double)bare_ms;
		if (value < 0 || *p || value > (double)LIMIT)
			return bad_time(what, text, err);
		*ms = llround(value);
		return 0;
	}
	if (time_with_colons(text, &value) != 0 &&
	    time_with_units(text, &value) != 0)
		return bad_time(what, text, err);
	if (!(value <= (double)LIMIT))
		return bad_time(what, text, err);
	*ms = llround(value);
	return 0;
}

int parse_size(const char *what, const char *text, long long *mib,
	       struct berth_error *err)
{
	static const char units[] = "KMGTP";
	const char *p = text;
	double n = number_at(&p);
	const char *unit = *p ? strchr(units, toupper((unsigned char)*p)) : NULL;

	if (unit) {
		n *= pow(1024, (double)(unit - units) - 1);
		p++;
		if (*p == 'i')
			p++;
		if (*p == 'B' || *p == 'b')
			p++;
	}
	if (n < 0 || *p || !(n <= (double)LIMIT))
		return error_set(err, BERTH_EINPUT,
				 "%s: '%s' is not a size; write 512 (MiB), "
				 "512M, 4G",
				 what, text);
	*mib = (long long)ceil(n);
	return 0;
}

int parse_signal(const char *text, struct berth_error *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	long long n;

	for (int i = 1; i < NSIG; i++) {
		const char *known = sigabbrev_np(i);

		if (known && strcasecmp(known, name) == 0)
			return i;
	}
	if (parse_count("signal", text, &n, NULL) == 0 && n > 0 && n < NSIG)
		return (int)n;
	return error_set(err, BERTH_EINPUT, "no signal '%s'", text);
}
