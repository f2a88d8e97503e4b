/* net_env.c - see net_env.h. */
#include "broker/net_env.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name, *value;
} defaults[] = {
	{"OMPI_MCA_pml", "ob1"},
	{"OMPI_MCA_btl", "tcp,self"},
	{"OMPI_MCA_mpi_ft_enable", "1"},
	{"OMPI_MCA_mpi_ft_detector", "0"},
	/* 5.0 asks the kernel's routes otherwise, which lead to another rank
	 * on the same host by way of lo, and calls it unreachable. */
	{"OMPI_MCA_reachable", "weighted"},
	/* Room for several transfers in a socket's buffer, see net_conn.h. */
	{"OMPI_MCA_btl_tcp_sndbuf", "262144"},
	{"OMPI_MCA_coll_hcoll_enable", "0"},
	{"OMPI_MCA_opal_cuda_support", "0"},
	{"OMPI_MCA_accelerator", "null"},
};

static bool only_loopback(void)
{
	struct ifaddrs *list, *i;
	bool other = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (i = list; i; i = i->ifa_next) {
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET &&
		    (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK))
			other = true;
	}
	freeifaddrs(list);
	return !other;
}

void net_env_defaults(unsigned join_timeout_s)
{
	char seconds[16];

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		setenv(defaults[i].name, defaults[i].value, 0);
	/* net_pace.h says when we look and when we rest. */
	setenv("OMPI_MCA_mpi_yield_when_idle", "0", 1);
	setenv("OMPI_MCA_mpi_event_tick_rate", "1", 1);
	snprintf(seconds, sizeof(seconds), "%u", join_timeout_s);
	setenv("OMPI_MCA_pmix_base_exchange_timeout", seconds, 0); /* 4.1 */
	setenv("OMPI_MCA_mpi_pmix_connect_timeout", seconds, 0);   /* 5.0 */
	if (!getenv("OMPI_MCA_btl_tcp_if_include") &&
	    !getenv("OMPI_MCA_btl_tcp_if_exclude") && only_loopback())
		setenv("OMPI_MCA_btl_tcp_if_include", "lo", 0);
}
