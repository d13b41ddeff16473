/* tasks/report_chart.h: line charts as SVG inside a page of HTML, for a report. */
#ifndef MASKE_TASKS_REPORT_CHART_H
#define MASKE_TASKS_REPORT_CHART_H

#include "base/buffer.h"

/* Points that are not finite are left out. More than CHART_POINTS are drawn as the means of as many groups. */
enum { CHART_POINTS = 600 };
typedef struct chart_line {
    const char *label;              /* plain text */
    const char *style;              /* a class of the page's style sheet */
    const double *x, *y;            /* [count]; x rising */
    size_t count;
    bool dots;                      /* a dot with its value at each point */
} chart_line;

typedef struct chart {
    const char *title, *x_label;
    const chart_line *lines;        /* [line_count] */
    size_t line_count;
    bool from_zero;                 /* the y axis begins at 0 */
} chart;

/* Adds a <figure>; nothing where no line has a point. */
MASKE_MUST_USE maske_status chart_draw(buffer *out, const chart *c);
/* Adds text with & < > " written as HTML writes them. */
MASKE_MUST_USE maske_status html_add_text(buffer *out, const char *text);
/* Adds a formatted number as it is written in every locale; what is not finite as a dash. */
MASKE_MUST_USE maske_status html_add_number(buffer *out, double value, int decimals);

#endif
