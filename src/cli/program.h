/* program.h - the program that a job is to run, as far as it can be seen from
 * here. */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include <jansson.h>

#include "base/error.h"

/* argv as JSON.  Checks what can be checked here, and puts "./" before the
 * name of a program that is in cwd but not in PATH. */
json_t *program_argv(int argc, char **argv, const char *cwd,
		     struct berth_error *err);

/* The directory to run in, absolute: chdir, or here; the caller frees. */
char *program_cwd(const char *chdir, struct berth_error *err);

#endif
