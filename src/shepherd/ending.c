/*
 * ending.c - how tasks end: what their processes' deaths mean, stopping, and
 * what they leave behind.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "shepherd/runner_impl.h"
#include "shepherd/tree.h"

#define GRACE_DEFAULT_MS 5000
/* Other ranks of a job that failed: they cannot do much any more. */
#define GRACE_FAILED_MS 1000
/* Killed processes are gone after a millisecond or two; those that are not,
 * wait for something slow. */
#define LOOK_FIRST_US 1000
#define LOOK_AGAIN_US 20000

void ending_decide(struct verdict *v, Berth__TaskEnd end, int code, int signal,
		   int32_t rank, const char *fmt, ...)
{
	va_list ap;

	if (v->end != BERTH__TASK_END__END_NONE)
		return;
	v->end = end;
	v->code = code;
	v->signal = signal;
	v->rank = rank;
	va_start(ap, fmt);
	vsnprintf(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
}

/* ---- whose is it? ------------------------------------------------------ */

static void known_pids(const struct runner *r, struct pids *out)
{
	const struct task *t;
	const struct proc *p;

	TAILQ_FOREACH(t, &r->table.tasks, next)
	{
		if (t->state == TASK_WAITING)
			continue;
		TAILQ_FOREACH(p, &t->procs, next)
		{
			if (p->pid > 0)
				pids_add(out, p->pid);
		}
	}
}

static size_t started_tasks(const struct runner *r)
{
	const struct task *t;
	size_t n = 0;

	TAILQ_FOREACH(t, &r->table.tasks, next)
		n += t->state != TASK_WAITING;
	return n;
}

/* Is the stray pid this task's?  alone: no other task can have left it. */
static bool is_of(const struct task *t, pid_t pid, bool alone)
{
	const struct proc *p;
	char name[40];

	TAILQ_FOREACH(p, &t->procs, next)
	{
		if (p->pid > 0 && tree_in_session(pid, p->pid))
			return true;
	}
	if (t->oldest && tree_in_session(pid, t->oldest))
		return true;
	snprintf(name, sizeof(name), "%lu.%u", (unsigned long)t->job, t->index);
	return alone || tree_marked(pid, "BERTH_TASK_ID", name);
}

/* What the task has left that is now our child. */
static void strays_of(const struct runner *r, const struct task *t,
		      struct pids *out)
{
	struct pids known = { 0 }, all = { 0 };
	/* A rank of the broker (job 0) may have started the node's launcher
	 * again, which is to outlive it. */
	bool alone = started_tasks(r) <= 1 && t->job != 0;

	known_pids(r, &known);
	tree_strays(&known, t->oldest, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (is_of(t, all.v[i], alone))
			pids_add(out, all.v[i]);
	}
	pids_finish(&all);
	pids_finish(&known);
}

static void signal_task(const struct runner *r, const struct task *t, int signo)
{
	struct pids roots = { 0 };
	const struct proc *p;

	TAILQ_FOREACH(p, &t->procs, next)
	{
		if (p->pid > 0)
			pids_add(&roots, p->pid);
	}
	strays_of(r, t, &roots);
	if (roots.n > 0)
		tree_signal(&roots, signo);
	pids_finish(&roots);
}

/* ---- stopping ---------------------------------------------------------- */

static void grace_over(void *arg)
{
	struct task *t = arg;
	struct runner *r = t->owner;

	t->killing = true;
	signal_task(r, t, SIGKILL);
	if (t->live == 0)
		ending_clear(r, t);
	else
		/* Whoever forked meanwhile gets it the next time. */
		loop_timer_start(t->kill_timer, LOOK_AGAIN_US);
}

static void arm_kill(struct runner *r, struct task *t, uint32_t grace_ms)
{
	uint64_t us = (uint64_t)grace_ms * 1000;

	if (t->kill_timer == NULL)
		t->kill_timer = loop_timer_create(r->loop, grace_over, t);
	loop_timer_start(t->kill_timer, us);
}

void ending_stop(struct runner *r, struct task *t, Berth__TaskEnd why,
		 int signo, uint32_t grace_ms)
{
	bool again = t->state == TASK_STOPPING || t->state == TASK_CLEARING;

	if (t->stop_why == BERTH__TASK_END__END_NONE)
		t->stop_why = why;
	if (t->state == TASK_WAITING) {
		runner_task_over(r, t);
		return;
	}
	if (t->state == TASK_RUNS)
		t->state = TASK_STOPPING;
	if (signo == SIGKILL) {
		t->killing = true;
		arm_kill(r, t, 0);
		return;
	}
	/* A second request may shorten the grace, not lengthen it. */
	if (again && grace_ms >= GRACE_FAILED_MS &&
	    loop_timer_pending(t->kill_timer))
		return;
	signal_task(r, t, signo);
	signal_task(r, t, SIGCONT);
	arm_kill(r, t, grace_ms);
}

void ending_wall(void *arg)
{
	struct task *t = arg;
	const Berth__Spec *spec = t->launch->spec;
	struct runner *r = t->owner;

	ending_decide(&t->verdict, BERTH__TASK_END__END_WALLTIME, 0, 0, -1,
		      "the walltime of %u.%03u s is over",
		      spec->walltime_ms / 1000, spec->walltime_ms % 1000);
	ending_stop(r, t, BERTH__TASK_END__END_WALLTIME,
		    spec->stop_signal ? (int)spec->stop_signal : SIGTERM,
		    spec->grace_ms ? spec->grace_ms : GRACE_DEFAULT_MS);
}

void runner_end_job(struct runner *r, uint64_t job, const struct verdict *v,
		    bool tell)
{
	struct launch *l = NULL;
	struct task *t, *after;

	for (t = TAILQ_FIRST(&r->table.tasks); t; t = after) {
		after = TAILQ_NEXT(t, next);
		if (t->job != job || t->launch->map == NULL)
			continue;
		if (t->verdict.end == BERTH__TASK_END__END_NONE) {
			t->verdict = *v;
			if (l == NULL)
				l = launch_ref(t->launch);
		}
		ending_stop(r, t, BERTH__TASK_END__END_NONE, SIGTERM,
			    GRACE_FAILED_MS);
	}
	if (l && tell)
		r->ev.failed(r->arg, l, v);
	launch_unref(l);
}

static void kill_one(struct runner *r, struct task *t, const Berth__Kill *k)
{
	const Berth__Spec *spec = t->launch->spec;
	Berth__TaskEnd why = k->why != BERTH__TASK_END__END_NONE
				     ? k->why
				     : BERTH__TASK_END__END_KILLED;
	uint32_t signo = k->signal ? k->signal : spec->stop_signal;
	uint32_t grace = k->grace_ms ? k->grace_ms : spec->grace_ms;

	if (k->signal_only) {
		if (t->state == TASK_RUNS && signo)
			signal_task(r, t, (int)signo);
		return;
	}
	ending_decide(&t->verdict, why, 0, 0, -1, "%s",
		      k->text[0] ? k->text
		      : why == BERTH__TASK_END__END_REVOKED
			      ? "its slice was taken back"
		      : why == BERTH__TASK_END__END_WALLTIME
			      ? "its walltime is over"
		      : why == BERTH__TASK_END__END_LOST
			      ? "its node was without a broker for too long"
			      : "ended on request");
	if (t->launch->map && !k->all && !t->launch->spec->survive &&
	    !t->launch->spec->ft && t->state == TASK_RUNS)
		r->ev.failed(r->arg, t->launch, &t->verdict);
	ending_stop(r, t, why, signo ? (int)signo : SIGTERM,
		    grace ? grace : GRACE_DEFAULT_MS);
}

void runner_kill(struct runner *r, const Berth__Kill *k)
{
	struct task *t, *after;

	/* From the end: the next of a lane is not to start in between. */
	for (t = TAILQ_LAST(&r->table.tasks, task_list); t; t = after) {
		after = TAILQ_PREV(t, task_list, next);
		if (t->job == k->job && (k->all || t->index == k->index))
			kill_one(r, t, k);
	}
}

void runner_kill_all(struct runner *r, Berth__TaskEnd why)
{
	struct task *t, *after;

	for (t = TAILQ_LAST(&r->table.tasks, task_list); t; t = after) {
		Berth__Kill k = BERTH__KILL__INIT;

		after = TAILQ_PREV(t, task_list, next);
		k.why = why;
		k.all = true;
		kill_one(r, t, &k);
	}
}

void runner_signal(struct runner *r, const char *nspace, const uint32_t *rank,
		   int signo)
{
	struct pids roots = { 0 };
	const struct task *t;
	const struct proc *p;

	TAILQ_FOREACH(t, &r->table.tasks, next)
	{
		TAILQ_FOREACH(p, &t->procs, next)
		{
			if (p->pid > 0 && p->rank >= 0 &&
			    (rank == NULL || p->rank == (int32_t)*rank) &&
			    strcmp(launch_nspace(p->launch), nspace) == 0)
				pids_add(&roots, p->pid);
		}
	}
	if (roots.n > 0)
		tree_signal(&roots, signo);
	pids_finish(&roots);
}

void runner_abandon(struct runner *r, const char *nspace)
{
	struct task *t;
	struct proc *p;

	TAILQ_FOREACH(t, &r->table.tasks, next)
	{
		TAILQ_FOREACH(p, &t->procs, next)
		{
			if (strcmp(launch_nspace(p->launch), nspace) == 0)
				p->launch->abandoned = true;
		}
	}
	runner_signal(r, nspace, NULL, SIGKILL);
}

void runner_write(struct runner *r, const char *nspace, uint32_t rank,
		  int stream, const char *text, size_t len)
{
	struct proc *p = task_find_rank(&r->table, nspace, rank);

	while (p && p->fd[stream] >= 0 && len > 0) {
		ssize_t n = write(p->fd[stream], text, len);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* ---- the end of a task ------------------------------------------------- */

/* Some of its ranks died, and the job went on: what counts is how the others
 * ended. */
static void judge_deaths(struct task *t)
{
	if (t->ndead == 0 || t->verdict.end != BERTH__TASK_END__END_NONE)
		return;
	if (t->nwell == 0)
		t->verdict = t->death;
	else
		ending_decide(&t->verdict, BERTH__TASK_END__END_EXITED, 0, 0,
			      -1, "%s%s", t->death.text,
			      t->ndead > 1 ? ", and others" : "");
}

static void finish(struct runner *r, struct task *t)
{
	judge_deaths(t);
	if (t->stop_why != BERTH__TASK_END__END_NONE)
		t->verdict.end = t->stop_why;
	ending_decide(&t->verdict, BERTH__TASK_END__END_EXITED, 0, 0, -1, "%s",
		      "");
	r->looks = 0;
	runner_task_over(r, t);
}

void ending_clear(struct runner *r, struct task *t)
{
	/* Who was asked to stop politely may use all of the grace. */
	bool patient = t->state == TASK_STOPPING && !t->killing &&
		       t->kill_timer && loop_timer_pending(t->kill_timer);
	struct pids left = { 0 };

	if (t->oldest)
		strays_of(r, t, &left);
	if (left.n == 0) {
		finish(r, t);
		return;
	}
	if (!patient) {
		t->state = TASK_CLEARING;
		tree_signal(&left, SIGKILL);
	}
	pids_finish(&left);
	loop_timer_start(r->clear_timer,
			 patient ? LOOK_AGAIN_US : LOOK_FIRST_US << r->looks);
}

void ending_sweep(void)
{
	struct pids none = { 0 }, left = { 0 };

	tree_strays(&none, 0, &left);
	if (left.n > 0)
		tree_signal(&left, SIGKILL);
	pids_finish(&left);
}

void ending_soon(struct runner *r, struct task *t)
{
	t->state = TASK_CLEARING;
	loop_timer_start(r->clear_timer, 0);
}

void ending_look_again(void *arg)
{
	struct runner *r = arg;
	struct task *t, *after;

	if (LOOK_FIRST_US << (r->looks + 1) <= LOOK_AGAIN_US)
		r->looks++;
	for (t = TAILQ_FIRST(&r->table.tasks); t; t = after) {
		after = TAILQ_NEXT(t, next);
		if (t->live == 0 &&
		    (t->state == TASK_CLEARING || t->state == TASK_STOPPING))
			ending_clear(r, t);
	}
}

/* What a rank that the others outlive has left behind. */
static void clear_session(const struct runner *r, const struct task *t,
			  pid_t leader)
{
	struct pids known = { 0 }, all = { 0 }, its = { 0 };

	known_pids(r, &known);
	tree_strays(&known, t->oldest, &all);
	for (size_t i = 0; i < all.n; i++) {
		if (tree_in_session(all.v[i], leader))
			pids_add(&its, all.v[i]);
	}
	if (its.n > 0)
		tree_signal(&its, SIGKILL);
	pids_finish(&its);
	pids_finish(&all);
	pids_finish(&known);
}

/* A rank in the middle of its program is gone.  Does its job go on? */
static bool outlived(struct runner *r, struct proc *p, pid_t pid,
		     const struct verdict *v)
{
	struct task *t = p->task;

	if (!p->launch->spec->ft ||
	    !r->pmix.mourn(r->pmix_arg, launch_nspace(p->launch),
			   (uint32_t)p->rank, v->signal))
		return false;
	clear_session(r, t, pid);
	if (t->ndead++ == 0)
		t->death = *v;
	/* A code is not the program's own when it has not come to its end. */
	if (t->death.end == BERTH__TASK_END__END_EXITED)
		t->death.end = BERTH__TASK_END__END_NO_FINALIZE;
	return t->verdict.end == BERTH__TASK_END__END_NONE;
}

static void decide_by(struct runner *r, struct proc *p, pid_t pid, int status)
{
	struct task *t = p->task;
	bool unfinished = p->rank >= 0 && r->pmix_arg &&
			  r->pmix.left(r->pmix_arg, launch_nspace(p->launch),
				       (uint32_t)p->rank);
	struct verdict v = { .rank = p->rank };
	char who[320] = "";

	if (p->rank >= 0)
		snprintf(who, sizeof(who), "rank %d on %s ", p->rank, r->node);
	if (WIFSIGNALED(status))
		ending_decide(&v, BERTH__TASK_END__END_SIGNALED, 0,
			      WTERMSIG(status), p->rank,
			      "%skilled by signal %d (%s)", who,
			      WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		ending_decide(&v, BERTH__TASK_END__END_EXITED,
			      WEXITSTATUS(status), 0, p->rank,
			      p->rank >= 0 ? "%sexited with code %d" : "%.0s",
			      who, WEXITSTATUS(status));
	else if (unfinished)
		ending_decide(&v, BERTH__TASK_END__END_NO_FINALIZE, 1, 0,
			      p->rank, "%sended without MPI_Finalize", who);
	else
		t->nwell++;
	if (v.end == BERTH__TASK_END__END_NONE || p->launch->abandoned ||
	    (unfinished && outlived(r, p, pid, &v)))
		return;
	if (t->verdict.end == BERTH__TASK_END__END_NONE && p->rank >= 0 &&
	    !t->launch->spec->survive) {
		runner_end_job(r, t->job, &v, true);
		return;
	}
	if (t->verdict.end == BERTH__TASK_END__END_NONE) {
		t->verdict = v;
	} else if (t->stop_why != BERTH__TASK_END__END_NONE) {
		/* What the stop made of it. */
		t->verdict.code = v.code;
		t->verdict.signal = v.signal;
	}
}

static void proc_ended(struct runner *r, struct proc *p, int status,
		       const struct rusage *ru)
{
	struct task *t = p->task;
	struct launch *l = launch_ref(p->launch);
	const struct proc *other;
	pid_t pid = p->pid;
	bool more = false;

	t->cpu_us += (uint64_t)(ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) *
			     1000000 +
		     (uint64_t)(ru->ru_utime.tv_usec + ru->ru_stime.tv_usec);
	if ((uint64_t)ru->ru_maxrss > t->max_rss_kib)
		t->max_rss_kib = (uint64_t)ru->ru_maxrss;
	p->pid = 0;
	t->live--;
	decide_by(r, p, pid, status);
	for (int i = 0; i < 2; i++) {
		if (p->fd[i] >= 0)
			close(p->fd[i]);
		p->fd[i] = -1;
	}
	TAILQ_FOREACH(other, &t->procs, next)
		more = more || (other->pid > 0 && other->launch == l);
	if (l->map && !more && r->pmix_arg)
		r->pmix.over(r->pmix_arg, l->map->nspace);
	launch_unref(l);
	if (t->live == 0)
		ending_clear(r, t);
}

void runner_reap(struct runner *r)
{
	struct rusage ru;
	bool strays = false;
	int status;
	pid_t pid;

	if (r->pmix_arg)
		r->pmix.settle(r->pmix_arg);
	while ((void)(pid = wait4(-1, &status, WNOHANG, &ru)), pid > 0) {
		struct proc *p = task_find_pid(&r->table, pid);

		if (p)
			proc_ended(r, p, status, &ru);
		else
			strays = true;
	}
	if (strays)
		ending_look_again(r);
}
