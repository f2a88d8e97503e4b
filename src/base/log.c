/* log.c - see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_name[] = {
	[LOG_LVL_ERROR] = "error",
	[LOG_LVL_WARN] = "warn",
	[LOG_LVL_INFO] = "info",
	[LOG_LVL_DEBUG] = "debug",
};

static struct {
	char name[96];
	enum log_level level;
} sink = {"berth", LOG_LVL_WARN};

void log_init(const char *name, enum log_level level)
{
	const char *wish = getenv("BERTH_LOG");

	snprintf(sink.name, sizeof(sink.name), "%s", name);
	sink.level = level;
	for (int i = LOG_LVL_ERROR; wish && i <= LOG_LVL_DEBUG; i++) {
		if (strcmp(wish, level_name[i]) == 0)
			sink.level = (enum log_level)i;
	}
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	struct timespec now;
	struct tm tm;
	va_list ap;
	size_t n;
	int m;

	if (level > sink.level)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	n = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S", &tm);
	n += (size_t)snprintf(line + n, sizeof(line) - n, ".%06ld %s %s: ",
			      now.tv_nsec / 1000, level_name[level], sink.name);
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	n += m > 0 ? (size_t)m : 0;
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	for (size_t i = 0; i < n; i++) {
		if (line[i] == '\n')
			line[i] = ' ';
	}
	line[n++] = '\n';
	/* One write a line: lines of several processes do not mix. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}
