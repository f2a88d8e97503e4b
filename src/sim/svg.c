/* svg.c - see svg.h. */
#include "sim/svg.h"

#include <math.h>

#define WIDTH 720
#define HEIGHT 400
#define LEFT 64
#define RIGHT 170
#define TOP 36
#define BOTTOM 48
#define LOG_LEAST 1e-3

/* Colours that are told apart with any eyes (Okabe and Ito). */
static const char *const colours[] = {
	"#0072b2", "#d55e00", "#009e73", "#cc79a7",
	"#e69f00", "#56b4e9", "#000000", "#999999",
};

struct frame {
	const struct svg_plot *p;
	double x0, x1, y1; /* of the data; y begins at 0 */
};

static double scale_x(const struct svg_plot *p, double x)
{
	if (!p->log_x)
		return x;
	return log10(x < LOG_LEAST ? LOG_LEAST : x);
}

static double px(const struct frame *f, double x)
{
	return LEFT + (scale_x(f->p, x) - f->x0) / (f->x1 - f->x0) *
			      (WIDTH - LEFT - RIGHT);
}

static double py(const struct frame *f, double y)
{
	return HEIGHT - BOTTOM - y / f->y1 * (HEIGHT - TOP - BOTTOM);
}

/* 1, 2 or 5 times a power of ten, about a sixth of the span. */
static double step_of(double span)
{
	double raw = span / 6, power = pow(10, floor(log10(raw)));
	double k = raw / power;

	return power * (k < 1.5 ? 1 : k < 3.5 ? 2 : k < 7.5 ? 5 : 10);
}

static void find_frame(struct frame *f)
{
	const struct svg_plot *p = f->p;
	bool any = false;

	f->y1 = p->y_max;
	for (size_t i = 0; i < p->nseries; i++) {
		const struct svg_series *s = &p->series[i];

		for (size_t k = 0; k < s->n; k++) {
			double x = scale_x(p, s->x[k]);

			f->x0 = !any || x < f->x0 ? x : f->x0;
			f->x1 = !any || x > f->x1 ? x : f->x1;
			if (p->y_max <= 0 && s->y[k] > f->y1)
				f->y1 = s->y[k];
			any = true;
		}
	}
	if (p->log_x) {
		f->x0 = floor(f->x0);
		f->x1 = ceil(f->x1);
	}
	if (f->x1 <= f->x0)
		f->x1 = f->x0 + 1;
	if (f->y1 <= 0)
		f->y1 = 1;
}

static void text(struct buf *out, double x, double y, const char *anchor,
		 const char *s)
{
	buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
		   anchor);
	for (; *s; s++) {
		if (*s == '<')
			buf_puts(out, "&lt;");
		else if (*s == '&')
			buf_puts(out, "&amp;");
		else
			buf_add(out, s, 1);
	}
	buf_puts(out, "</text>\n");
}

static void grid_line(struct buf *out, double x0, double y0, double x1,
		      double y1)
{
	buf_printf(out,
		   "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
		   "stroke=\"#ddd\"/>\n",
		   x0, y0, x1, y1);
}

static void axes(const struct frame *f, struct buf *out)
{
	double bottom = HEIGHT - BOTTOM, right = WIDTH - RIGHT;
	double step = f->p->log_x ? 1 : step_of(f->x1 - f->x0);
	struct buf label;

	buf_init(&label);
	for (double x = ceil(f->x0 / step) * step; x <= f->x1 + step / 1e6;
	     x += step) {
		double at =
			LEFT + (x - f->x0) / (f->x1 - f->x0) * (right - LEFT);

		grid_line(out, at, TOP, at, bottom);
		buf_clear(&label);
		buf_printf(&label, "%g", f->p->log_x ? pow(10, x) : x);
		text(out, at, bottom + 16, "middle", label.data);
	}
	step = step_of(f->y1);
	for (double y = 0; y <= f->y1 * 1.000001; y += step) {
		grid_line(out, LEFT, py(f, y), right, py(f, y));
		buf_clear(&label);
		buf_printf(&label, "%g", y);
		text(out, LEFT - 6, py(f, y) + 4, "end", label.data);
	}
	buf_finish(&label);
	text(out, LEFT, 20, "start", f->p->title);
	text(out, (LEFT + right) / 2, HEIGHT - 10, "middle", f->p->x_label);
	buf_printf(out, "<g transform=\"translate(16 %d) rotate(-90)\">\n",
		   HEIGHT / 2);
	text(out, 0, 0, "middle", f->p->y_label);
	buf_puts(out, "</g>\n");
}

static void line(const struct frame *f, const struct svg_series *s,
		 const char *colour, struct buf *out)
{
	buf_printf(
		out,
		"<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"%s"
		" points=\"",
		colour, s->dashed ? " stroke-dasharray=\"5 3\"" : "");
	for (size_t k = 0; k < s->n; k++) {
		double y = s->y[k] > f->y1 ? f->y1 : s->y[k];

		buf_printf(out, "%.1f,%.1f ", px(f, s->x[k]), py(f, y));
	}
	buf_puts(out, "\"/>\n");
}

static void legend(const struct svg_series *s, size_t i, const char *colour,
		   struct buf *out)
{
	double y = TOP + 12 + 18.0 * (double)i, x = WIDTH - RIGHT + 12;

	buf_printf(out,
		   "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
		   "stroke=\"%s\" stroke-width=\"2\"%s/>\n",
		   x, y - 4, x + 22, y - 4, colour,
		   s->dashed ? " stroke-dasharray=\"5 3\"" : "");
	text(out, x + 28, y, "start", s->name);
}

void svg_write(const struct svg_plot *p, struct buf *out)
{
	struct frame f = {.p = p};

	find_frame(&f);
	buf_printf(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" font-family=\"sans-serif\" font-size=\"11\">\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	axes(&f, out);
	for (size_t i = 0; i < p->nseries; i++) {
		const char *c = colours[p->series[i].colour %
					(sizeof(colours) / sizeof(*colours))];

		line(&f, &p->series[i], c, out);
		legend(&p->series[i], i, c, out);
	}
	buf_puts(out, "</svg>\n");
}
