/*
 * shepherd_drive.c - runs an MPI program under shepherds by hand:
 *	shepherd_drive [-n nodes] [-r ranks] [-b] [-c copies] [-t] program args
 * -b binds, -c starts so many jobs at once, -t prints times alone.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shepherd_rig.h"

static void print_output(struct rig *r, const struct rig_job *j, bool times,
			 double began)
{
	for (unsigned node = 0; node < j->nnodes; node++) {
		const struct rig_task *t = rig_task(r, j->job, node);

		if (!times && t)
			printf("job %lu node %u: end %d code %d signal %d %s\n",
			       (unsigned long)j->job, node, t->end, t->code,
			       t->signal, t->text);
		for (unsigned k = 0; k < j->per_node; k++) {
			static const char *const s[] = { "out", "err" };

			for (int i = 0; i < 2; i++) {
				char name[64], *text, *init;

				snprintf(name, sizeof(name), "%lu/%u.%u.%s",
					 (unsigned long)j->job, node,
					 node * j->per_node + k, s[i]);
				text = rig_output(r, node, name);
				init = text ? strstr(text, "init ") : NULL;
				if (times && init)
					printf("main %.1f init %.1f ",
					       1e3 * (atof(text + 6) - began),
					       1e3 * (atof(init + 5) - began));
				else if (!times && text && text[0])
					printf("--- rank %u %s\n%s",
					       node * j->per_node + k, s[i],
					       text);
				free(text);
			}
		}
	}
}

int main(int argc, char **argv)
{
	struct rig_job j[16] = { { .job = 1, .nnodes = 1, .per_node = 1 } };
	struct rig *r = rig_create();
	bool times = false;
	unsigned copies = 1;
	double began;
	int opt, rc = 0;

	while ((void)(opt = getopt(argc, argv, "+n:r:bc:t")), opt != -1) {
		if (opt == 'n')
			j[0].nnodes = (unsigned)atoi(optarg);
		else if (opt == 'r')
			j[0].per_node = (unsigned)atoi(optarg);
		else if (opt == 'b')
			j[0].bind = true;
		else if (opt == 'c')
			copies = (unsigned)atoi(optarg);
		else
			times = true;
	}
	j[0].argv = argv + optind;
	began = 1e-6 * (double)loop_wall_us();
	for (unsigned i = 0; i < copies; i++) {
		j[i] = j[0];
		j[i].job = i + 1;
		rig_launch_mpi(r, &j[i]);
	}
	for (unsigned i = 0; i < copies; i++) {
		if (!rig_wait_mpi(r, &j[i], 60000)) {
			printf("job %u does not end\n", i + 1);
			rc = 1;
			break;
		}
		print_output(r, &j[i], times, began);
		if (times)
			printf("wall %.1f\n",
			       1e3 * (1e-6 * (double)loop_wall_us() - began));
	}
	rig_destroy(r);
	return rc;
}
