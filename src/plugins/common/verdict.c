#include "plugins/common/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set(struct verdict *v, enum berth_outcome outcome, int exit_code,
		const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void set(struct verdict *v, enum berth_outcome outcome, int exit_code,
		const char *fmt, ...)
{
	va_list ap;

	v->outcome = outcome;
	v->exit_code = exit_code;
	va_start(ap, fmt);
	vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
}

/* A failure has an exit code, whatever the report says. */
static int nonzero(int code, int otherwise)
{
	return code ? code : otherwise;
}

static void set_signaled(struct verdict *v, const struct berth_task *t,
			 const char *who)
{
	const char *name = strsignal(t->signal);

	set(v, BERTH_FAILED, 128 + t->signal,
	    "%s on %s was killed by signal %d (%s)", who, t->node, t->signal,
	    name ? name : "unknown");
}

bool verdict_task(struct verdict *v, const struct berth_task *t,
		  const char *who)
{
	const char *text = t->text ? t->text : "";

	switch (t->end) {
	case BERTH_END_EXITED:
		set(v, t->exit_code ? BERTH_FAILED : BERTH_DONE, t->exit_code,
		    t->exit_code ? "%s on %s exited with code %d" : "", who,
		    t->node, t->exit_code);
		return t->exit_code == 0;
	case BERTH_END_SIGNALED:
		set_signaled(v, t, who);
		break;
	case BERTH_END_ABORTED:
		set(v, BERTH_FAILED, nonzero(t->exit_code, 1),
		    "%s on %s called MPI_Abort with code %d", who, t->node,
		    t->exit_code);
		break;
	case BERTH_END_NO_FINALIZE:
		set(v, BERTH_FAILED, nonzero(t->exit_code, 1),
		    "%s on %s left without MPI_Finalize", who, t->node);
		break;
	case BERTH_END_WALLTIME:
		set(v, BERTH_TIMEOUT, VERDICT_TIMEOUT,
		    "%s on %s ran out of walltime", who, t->node);
		break;
	case BERTH_END_FAILED_START:
		set(v, BERTH_FAILED, VERDICT_NOT_STARTED,
		    "%s did not start on %s: %s", who, t->node,
		    *text ? text : "no reason given");
		break;
	case BERTH_END_LOST:
		set(v, BERTH_LOST, 1, "%s on %s was lost%s%s", who, t->node,
		    *text ? ": " : "", text);
		break;
	case BERTH_END_KILLED:
	case BERTH_END_REVOKED:
	case BERTH_END_NONE:
	default:
		set(v, BERTH_FAILED, 128 + (t->signal ? t->signal : 15),
		    "%s on %s was %s%s%s", who, t->node,
		    t->end == BERTH_END_REVOKED ? "revoked" : "killed",
		    *text ? ": " : "", text);
		break;
	}
	return false;
}

bool verdict_restarts(const struct berth_task *t)
{
	switch (t->end) {
	case BERTH_END_EXITED:
		return t->exit_code != 0;
	case BERTH_END_SIGNALED:
	case BERTH_END_ABORTED:
	case BERTH_END_NO_FINALIZE:
	case BERTH_END_LOST:
		return true;
	default:
		return false;
	}
}

void verdict_add_restarts(struct verdict *v, unsigned restarts)
{
	size_t len = strlen(v->text);

	if (restarts > 0)
		snprintf(v->text + len, sizeof(v->text) - len,
			 "%s%u restart%s", len > 0 ? ", after " : "after ",
			 restarts, restarts > 1 ? "s" : "");
}
