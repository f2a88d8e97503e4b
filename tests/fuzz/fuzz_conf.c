/* Configuration files. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libconfig itself loses a string when a syntax error follows it. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

static void check(int rc, const struct berth_error *err)
{
	if (rc < 0 && (strncmp(err->text, "fuzz.conf:", 10) != 0 ||
		       strchr(err->text, '\n')))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	struct berth_error err = {0};
	struct conf *c = conf_parse(text, "fuzz.conf", &err);
	const char *s;
	long long n;
	double d;
	bool b;

	free(text);
	check(c ? 0 : -1, &err);
	if (c == NULL)
		return 0;
	check(conf_string(c, "broker.host", &s, &err), &err);
	check(conf_int(c, "broker.port", 1, 65535, &n, &err), &err);
	check(conf_bool(c, "on", &b, &err), &err);
	check(conf_double(c, "roles.[1].weight", 0, 1e6, &d, &err), &err);
	check(conf_length(c, "roles", &err), &err);
	conf_member(c, "broker", 0);
	conf_where(c, "roles.[0].name");
	check(conf_done(c, &err), &err);
	conf_destroy(c);
	return 0;
}
