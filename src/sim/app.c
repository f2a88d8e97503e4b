/* app.c - the models that there are. */
#include "sim/app.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"

static const struct app_ops *const all[] = {
	&app_hadoop, &app_spark, &app_elastic, &app_mpi, &app_service,
};

#define COUNT (sizeof(all) / sizeof(all[0]))

const struct app_ops *app_find(const char *kind, struct berth_error *err)
{
	struct buf names;

	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(all[i]->kind, kind) == 0)
			return all[i];
	}
	buf_init(&names);
	for (size_t i = 0; i < COUNT; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", all[i]->kind);
	error_set(err, BERTH_EINPUT, "no model '%s' (there are %s)", kind,
		  names.data);
	buf_finish(&names);
	return NULL;
}
