/* mpi.h - the mpi framework's state, shared by its files. */
#ifndef MPI_MPI_H
#define MPI_MPI_H

#include <berth/plugin.h>

#include "plugins/common/idmap.h"
#include "plugins/mpi/job.h"

struct mpi {
	struct berth_host *host;
	const struct berth_host_ops *ops;
	struct mpi_job_list jobs; /* in the order of submission */
	struct idmap by_id;
	struct idmap by_slice; /* slice id → the job that runs in it */
	struct berth_timer *firm; /* for the first firm_until_ms */
};

/* ---- run.c ---- */

/* State the demand of a waiting job. */
void mpi_want(struct mpi *m, struct mpi_job *j);
/* Demands of jobs whose time without revocable slices is over; a timer's. */
void mpi_loosen(void *arg);
/* Start it in these slices, of an offer (or kept ones: offer 0).  The slices
 * that are used become the job's.  false: its ranks do not fit in them. */
bool mpi_start(struct mpi *m, struct mpi_job *j, struct mpi_slice *slices,
	       size_t n, uint64_t offer);
/* Its end is decided: kill what runs. */
void mpi_kill(struct mpi *m, struct mpi_job *j);
/* Give back the slice of a task whose ranks the job outlives. */
void mpi_bury(struct mpi *m, struct mpi_job *j, unsigned index);
/* All its tasks have ended: report it or queue it again; the job may be gone
 * after. */
void mpi_finish(struct mpi *m, struct mpi_job *j);
/* Report a verdict on a job that does not run; the job is gone after. */
void mpi_end(struct mpi *m, struct mpi_job *j, const struct verdict *v);

/* ---- rebuild.c ---- */

/* Forget everything and begin from what the broker knows. */
void mpi_rebuild(struct mpi *m, const struct berth_state *state);
void mpi_forget(struct mpi *m);
struct mpi_job *mpi_add(struct mpi *m, const struct berth_job *job);

#endif
