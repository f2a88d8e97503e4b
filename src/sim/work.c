/* work.c - see work.h. */
#include "sim/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"

void worklist_init(struct worklist *w)
{
	memset(w, 0, sizeof(*w));
}

void worklist_cut(struct worklist *w, size_t count)
{
	while (w->count > count) {
		struct work *job = &w->at[--w->count];

		free(job->name);
		free(job->group);
		free(job->stage);
		free(job->role);
		free(job->length_us);
	}
}

void worklist_finish(struct worklist *w)
{
	worklist_cut(w, 0);
	free(w->at);
	worklist_init(w);
}

struct work *worklist_add(struct worklist *w, const char *name,
			  const char *group)
{
	struct work *job;

	if (w->count == w->room) {
		w->room = w->room > 0 ? w->room * 2 : 64;
		w->at = mem_resize(w->at, w->room, sizeof(*w->at));
	}
	job = &w->at[w->count++];
	memset(job, 0, sizeof(*job));
	job->name = mem_strdup(name);
	job->group = mem_strdup(group);
	return job;
}

/* Stable, by merging: the order of equals is the order of addition. */
static void merge(struct work *a, struct work *tmp, size_t n)
{
	size_t half = n / 2, i = 0, k = half, out = 0;

	if (n < 2)
		return;
	merge(a, tmp, half);
	merge(a + half, tmp, n - half);
	while (i < half && k < n) {
		bool right = a[k].submit_us < a[i].submit_us;

		tmp[out++] = right ? a[k++] : a[i++];
	}
	while (i < half)
		tmp[out++] = a[i++];
	while (k < n)
		tmp[out++] = a[k++];
	memcpy(a, tmp, n * sizeof(*a));
}

void worklist_sort(struct worklist *w)
{
	struct work *tmp = mem_array(w->count + 1, sizeof(*tmp));

	merge(w->at, tmp, w->count);
	free(tmp);
}

void worklist_copy(struct worklist *to, const struct worklist *from)
{
	*to = *from;
	to->room = from->count;
	to->at = mem_array(from->count + 1, sizeof(*to->at));
	for (size_t i = 0; i < from->count; i++) {
		struct work *job = &to->at[i];

		*job = from->at[i];
		job->name = mem_strdup(job->name);
		job->group = mem_strdup(job->group);
		job->role = mem_strdup(job->role);
		if (job->length_us != NULL)
			job->length_us = mem_dup(job->length_us,
						 job->nlengths *
							 sizeof(uint64_t));
		job->stage = NULL;
		job->nstages = 0;
		for (unsigned k = 0; k < from->at[i].nstages; k++)
			work_add_stage(job, &from->at[i].stage[k]);
	}
}

void work_add_stage(struct work *w, const struct stage *s)
{
	w->stage = mem_resize(w->stage, w->nstages + 1, sizeof(*w->stage));
	w->stage[w->nstages++] = *s;
}

uint64_t work_mix(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Log-normal, with the mean and the deviation of the stage. */
uint64_t work_task_us(const struct work *w, unsigned stage, uint32_t index)
{
	const struct stage *s = &w->stage[stage];
	uint64_t key = work_mix(work_mix(w->seed, stage), index);
	double sigma2, u, v, x;
	struct rand_state r;

	if (w->length_us != NULL && index < w->nlengths)
		return w->length_us[index];
	if (s->spread <= 0)
		return s->mean_us;
	rand_seed(&r, key);
	u = 1.0 - rand_double(&r);
	v = rand_double(&r);
	sigma2 = log1p(s->spread * s->spread);
	x = sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
	x = (double)s->mean_us * exp(sqrt(sigma2) * x - sigma2 / 2);
	return x < 1 ? 1 : (uint64_t)x;
}

uint64_t work_alone_us(const struct work *w, uint64_t slots)
{
	uint64_t sum = w->setup_us;

	if (w->workers > 0 && w->workers < slots)
		slots = w->workers;
	if (slots == 0)
		slots = 1;
	for (unsigned i = 0; i < w->nstages; i++) {
		const struct stage *s = &w->stage[i];

		sum += (s->tasks + slots - 1) / slots * s->mean_us;
	}
	return sum;
}

double work_task_seconds(const struct work *w)
{
	double sum = 0;

	for (unsigned i = 0; i < w->nstages; i++)
		sum += (double)w->stage[i].tasks * (double)w->stage[i].mean_us /
		       1e6;
	return sum;
}

uint64_t work_tasks(const struct work *w)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->nstages; i++)
		sum += w->stage[i].tasks;
	return sum;
}
