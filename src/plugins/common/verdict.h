/* verdict.h - what the end of a task means for its job. */
#ifndef PLUGINS_VERDICT_H
#define PLUGINS_VERDICT_H

#include <stdbool.h>

#include <berth/plugin.h>

/* Exit code of a job that ran out of time, as timeout(1) has it. */
enum { VERDICT_TIMEOUT = 124, VERDICT_NOT_STARTED = 127 };

struct verdict {
	enum berth_outcome outcome;
	int exit_code;
	char text[384]; /* "rank 3 on n2 exited with code 1" */
};

/* The verdict on an ended task; who: "rank 3", "task 12".  true: it is done
 * well (exit code 0). */
bool verdict_task(struct verdict *v, const struct berth_task *t,
		  const char *who);

/* Is this end of a task a failure that another attempt may mend?  Not what was
 * asked for, nor what can't be started. */
bool verdict_restarts(const struct berth_task *t);
/* Add how often it was restarted, if it was, to the text. */
void verdict_add_restarts(struct verdict *v, unsigned restarts);

#endif
