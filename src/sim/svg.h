/* svg.h - line plots as SVG: axes, a grid, one line a series, a legend. */
#ifndef SIM_SVG_H
#define SIM_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct svg_series {
	const char *name; /* in the legend */
	const double *x, *y;
	size_t n;
	bool dashed;
	unsigned colour; /* number of it; series of one kind share theirs */
};

struct svg_plot {
	const char *title, *x_label, *y_label;
	bool log_x;   /* decades; x below 1e-3 counts as that */
	double y_max; /* 0: as the series need */
	const struct svg_series *series;
	size_t nseries;
};

void svg_write(const struct svg_plot *p, struct buf *out);

#endif
