/* net_env.h - the environment that the broker's ranks want of Open MPI. */
#ifndef BROKER_NET_ENV_H
#define BROKER_NET_ENV_H

/* Set what is unset, before MPI_Init: ob1 over TCP, errors of dead peers
 * reported (5.0) without the library's own detector, limits on how long a
 * join may take, no look at GPUs; the loopback interface where there is no
 * other one. */
void net_env_defaults(unsigned join_timeout_s);

#endif
