/*
 * report.h - what came out, for people and programs: tables, CSV files, plots.
 *
 * All outcomes are of one scenario; the first is the one in question, the
 * others are what it is measured against.
 */
#ifndef SIM_REPORT_H
#define SIM_REPORT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "sim/sim.h"

/* The tables, and what was made up. */
void report_table(struct outcome *const *o, size_t n, struct buf *out);

/* Files into a folder, which is made if it is not there: jobs-POLICY.csv,
 * usage-POLICY.csv, and the plots utilisation.svg, shares-POLICY.svg,
 * slowdown.svg, waiting.svg, and revocations-POLICY.svg where there were
 * any. */
int report_files(struct outcome *const *o, size_t n, const char *folder,
		 struct berth_error *err);

#endif
