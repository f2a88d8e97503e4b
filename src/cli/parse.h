/* parse.h - how users write times, sizes and signals. */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "base/error.h"

/* A whole number ≥ 0; what names it in the message. */
int parse_count(const char *what, const char *text, long long *out,
		struct berth_error *err);

/*
 * "1:30" minutes and seconds, "1:00:00" hours, "1-12:00:00" with days; or with
 * units "1500ms", "90s", "5m", "2h", "1d", "1h30m".  A bare number is in units
 * of bare_ms: 1000 (seconds, as mpirun has it) or 60000 (minutes, as Slurm
 * does).  In milliseconds.
 */
int parse_time(const char *what, const char *text, long long bare_ms,
	       long long *ms, struct berth_error *err);

/* "512" MiB; "512M", "4G", "1.5T", "2048K", also with "iB" or "B". */
int parse_size(const char *what, const char *text, long long *mib,
	       struct berth_error *err);

/* "10", "USR1", "SIGUSR1"; -1 when there is none such. */
int parse_signal(const char *text, struct berth_error *err);

#endif
