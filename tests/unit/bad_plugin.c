/* bad_plugin.c - plugins that the host has to refuse: built for an ABI of the
 * future (bad_abi), or with no berth_plugin at all (bad_symbol). */
#include <berth/plugin.h>

#ifdef BAD_ABI
const struct berth_plugin berth_plugin = {
	.abi = 999,
	.size = sizeof(struct berth_plugin),
	.name = "bad_abi",
};
#else
const int not_a_plugin = 1;
#endif
