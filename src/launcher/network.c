/* network.c - see network.h. */
#include "launcher/network.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

static bool text_of(const struct sockaddr *sa, char *out, size_t size)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)sa;

	return sa && sa->sa_family == AF_INET &&
	       inet_ntop(AF_INET, &in4->sin_addr, out, (socklen_t)size);
}

static uint32_t addr_of(const struct sockaddr *sa)
{
	return ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr);
}

/* Does the address of the interface meet the wish? */
static bool meets(const struct ifaddrs *i, const char *wish)
{
	char text[INET_ADDRSTRLEN];
	char net[64];
	struct in_addr want;
	unsigned prefix = 32;

	if (!text_of(i->ifa_addr, text, sizeof text))
		return false;
	if (strcmp(wish, i->ifa_name) == 0)
		return true;
	if (sscanf(wish, "%63[0-9.]/%u", net, &prefix) < 1 ||
	    inet_pton(AF_INET, net, &want) != 1 || prefix > 32)
		return false;
	uint32_t mask = prefix ? ~0u << (32 - prefix) : 0;

	return (addr_of(i->ifa_addr) & mask) == (ntohl(want.s_addr) & mask);
}

static bool by_wish(const struct ifaddrs *all, const char *wish, char *out,
		    size_t size)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if ((i->ifa_flags & IFF_UP) && meets(i, wish))
			return text_of(i->ifa_addr, out, size);
	}
	return false;
}

/* Our side of the ssh connection that started us. */
static bool by_ssh(char *out, size_t size)
{
	const char *c = getenv("SSH_CONNECTION");
	char server[64];
	struct in_addr a;

	if (c == NULL || sscanf(c, "%*s %*s %63s", server) != 1 ||
	    inet_pton(AF_INET, server, &a) != 1)
		return false;
	snprintf(out, size, "%s", server);
	return true;
}

static bool by_name(const struct ifaddrs *all, char *out, size_t size)
{
	struct addrinfo hints = {.ai_family = AF_INET,
				 .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char host[256];
	bool ok = false;

	if (gethostname(host, sizeof host) < 0 ||
	    getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	for (struct addrinfo *a = found; a && !ok; a = a->ai_next) {
		if (addr_of(a->ai_addr) >> 24 == 127)
			continue;
		/* Only if an interface has it: names can be stale. */
		ok = text_of(a->ai_addr, out, size) &&
		     by_wish(all, out, out, size);
	}
	freeaddrinfo(found);
	return ok;
}

static bool first_up(const struct ifaddrs *all, char *out, size_t size)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if ((i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK) &&
		    text_of(i->ifa_addr, out, size))
			return true;
	}
	return false;
}

int network_choose(const char *wish, char *out, size_t size,
		   struct berth_error *err)
{
	struct ifaddrs *all = NULL;
	int rc = 0;

	if (getifaddrs(&all) < 0)
		return error_sys(err, "cannot list the network interfaces");
	if (wish[0]) {
		if (!by_wish(all, wish, out, size))
			rc = error_set(err, BERTH_EINPUT,
				       "no interface here that is up meets "
				       "launcher.network = \"%s\"",
				       wish);
	} else if (!by_ssh(out, size) && !by_name(all, out, size) &&
		   !first_up(all, out, size)) {
		snprintf(out, size, "127.0.0.1");
	}
	freeifaddrs(all);
	return rc;
}

bool network_of(const char *address, char *out, size_t size)
{
	struct ifaddrs *all = NULL;
	char host[64];
	bool ok = false;

	if (sscanf(address, "%63[0-9.]:", host) != 1 || getifaddrs(&all) < 0)
		return false;
	for (struct ifaddrs *i = all; i && !ok; i = i->ifa_next) {
		char text[INET_ADDRSTRLEN];
		struct in_addr net;
		uint32_t mask;

		if (!text_of(i->ifa_addr, text, sizeof text) ||
		    strcmp(text, host) != 0 || i->ifa_netmask == NULL)
			continue;
		mask = addr_of(i->ifa_netmask);
		net.s_addr = htonl(addr_of(i->ifa_addr) & mask);
		inet_ntop(AF_INET, &net, text, sizeof text);
		snprintf(out, size, "%s/%d", text,
			 __builtin_popcount(mask));
		ok = true;
	}
	freeifaddrs(all);
	return ok;
}
