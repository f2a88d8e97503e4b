/* upcalls.h - the functions that PMIx calls, one file a family; all run on
 * PMIx's thread and only hand over. */
#ifndef SHEPHERD_UPCALLS_H
#define SHEPHERD_UPCALLS_H

#include <pmix_server.h>

/* client.c */
pmix_status_t upcall_connected(const pmix_proc_t *proc, void *object,
			       pmix_info_t info[], size_t ninfo,
			       pmix_op_cbfunc_t cb, void *cbdata);
pmix_status_t upcall_finalized(const pmix_proc_t *proc, void *object,
			       pmix_op_cbfunc_t cb, void *cbdata);
/* abort.c */
pmix_status_t upcall_abort(const pmix_proc_t *proc, void *object, int status,
			   const char msg[], pmix_proc_t procs[], size_t nprocs,
			   pmix_op_cbfunc_t cb, void *cbdata);
/* fence.c */
pmix_status_t upcall_fence(const pmix_proc_t procs[], size_t nprocs,
			   const pmix_info_t info[], size_t ninfo, char *data,
			   size_t ndata, pmix_modex_cbfunc_t cb, void *cbdata);
/* dmodex.c */
pmix_status_t upcall_dmodex(const pmix_proc_t *proc, const pmix_info_t info[],
			    size_t ninfo, pmix_modex_cbfunc_t cb, void *cbdata);
/* publish.c */
pmix_status_t upcall_publish(const pmix_proc_t *proc, const pmix_info_t info[],
			     size_t ninfo, pmix_op_cbfunc_t cb, void *cbdata);
pmix_status_t upcall_lookup(const pmix_proc_t *proc, char **keys,
			    const pmix_info_t info[], size_t ninfo,
			    pmix_lookup_cbfunc_t cb, void *cbdata);
pmix_status_t upcall_unpublish(const pmix_proc_t *proc, char **keys,
			       const pmix_info_t info[], size_t ninfo,
			       pmix_op_cbfunc_t cb, void *cbdata);
/* spawn.c */
pmix_status_t upcall_spawn(const pmix_proc_t *proc,
			   const pmix_info_t job_info[], size_t ninfo,
			   const pmix_app_t apps[], size_t napps,
			   pmix_spawn_cbfunc_t cb, void *cbdata);
/* connect.c */
pmix_status_t upcall_connect(const pmix_proc_t procs[], size_t nprocs,
			     const pmix_info_t info[], size_t ninfo,
			     pmix_op_cbfunc_t cb, void *cbdata);
pmix_status_t upcall_disconnect(const pmix_proc_t procs[], size_t nprocs,
				const pmix_info_t info[], size_t ninfo,
				pmix_op_cbfunc_t cb, void *cbdata);
/* group.c */
pmix_status_t upcall_group(pmix_group_operation_t op, char grp[],
			   const pmix_proc_t procs[], size_t nprocs,
			   const pmix_info_t directives[], size_t ndirs,
			   pmix_info_cbfunc_t cb, void *cbdata);
/* event.c */
pmix_status_t upcall_register_events(pmix_status_t *codes, size_t ncodes,
				     const pmix_info_t info[], size_t ninfo,
				     pmix_op_cbfunc_t cb, void *cbdata);
pmix_status_t upcall_deregister_events(pmix_status_t *codes, size_t ncodes,
				       pmix_op_cbfunc_t cb, void *cbdata);
pmix_status_t upcall_notify(pmix_status_t code, const pmix_proc_t *source,
			    pmix_data_range_t range, pmix_info_t info[],
			    size_t ninfo, pmix_op_cbfunc_t cb, void *cbdata);
/* query.c */
pmix_status_t upcall_query(pmix_proc_t *proc, pmix_query_t *queries,
			   size_t nqueries, pmix_info_cbfunc_t cb,
			   void *cbdata);
/* log.c */
void upcall_log(const pmix_proc_t *client, const pmix_info_t data[],
		size_t ndata, const pmix_info_t directives[], size_t ndirs,
		pmix_op_cbfunc_t cb, void *cbdata);
/* control.c */
pmix_status_t upcall_control(const pmix_proc_t *requestor,
			     const pmix_proc_t targets[], size_t ntargets,
			     const pmix_info_t directives[], size_t ndirs,
			     pmix_info_cbfunc_t cb, void *cbdata);

#endif
