/* tasks/report_chart.c: axes with round numbers, lines of means, a legend. */
#include "tasks/report_chart.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>

enum { WIDTH = 720, HEIGHT = 260, LEFT = 80, RIGHT = 24, TOP = 16, BOTTOM = 36, TICKS = 5 };

maske_status html_add_text(buffer *out, const char *text) {
    for (; *text != '\0'; text++) {
        const char *entity = *text == '&'   ? "&amp;"
                             : *text == '<' ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '"' ? "&quot;"
                                            : NULL;
        TRY(entity != NULL ? buffer_add_text(out, entity) : buffer_add(out, text, 1));
    }
    return MASKE_OK;
}

maske_status html_add_number(buffer *out, double value, int decimals) {
    return isfinite(value) ? buffer_add_format(out, "%.*f", decimals, value) : buffer_add_text(out, "–");
}

/* ------------------------------------------------------------------------------------------------------ scales --- */

/* A range of values and where it lies on the page. */
typedef struct scale { double low, high, step, from, to; } scale;

/* 1, 2 or 5 times a power of ten, such that about TICKS of them fill the range. */
static double round_step(double range) {
    double rough = range / TICKS, power = pow(10, floor(log10(rough))), times = rough / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static scale make_scale(double low, double high, double from, double to) {
    /* Too near to one another for steps that a number still shows: one value, in the middle. */
    if (!(high - low > 1e-9 * fmax(fabs(low), fabs(high)))) {
        double around = fabs(low) > 0 ? fabs(low) / 2 : 1;
        low -= around, high += around;
    }
    double step = round_step(high - low);
    return (scale){floor(low / step) * step, ceil(high / step) * step, step, from, to};
}

static double place(const scale *s, double value) {
    return s->from + (value - s->low) / (s->high - s->low) * (s->to - s->from);
}

/* As few digits as the step needs. */
static void tick_text(char out[64], double value, double step) {
    if (fabs(value) < step / 2) number_print(out, 64, "0");
    else if (step >= 1e6) number_print(out, 64, "%gM", value / 1e6);
    else if (step >= 1e3) number_print(out, 64, "%gk", value / 1e3);
    else if (step >= 1e-4) number_print(out, 64, "%.*f", step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9), value);
    else number_print(out, 64, "%.1e", value);
}

static bool drawn(const chart_line *line, size_t i) { return isfinite(line->x[i]) && isfinite(line->y[i]); }

static bool find_ranges(const chart *c, scale *x, scale *y) {
    double low_x = INFINITY, high_x = -INFINITY, low_y = INFINITY, high_y = -INFINITY;
    for (size_t l = 0; l < c->line_count; l++)
        for (size_t i = 0; i < c->lines[l].count; i++) {
            if (!drawn(&c->lines[l], i)) continue;
            low_x = fmin(low_x, c->lines[l].x[i]), high_x = fmax(high_x, c->lines[l].x[i]);
            low_y = fmin(low_y, c->lines[l].y[i]), high_y = fmax(high_y, c->lines[l].y[i]);
        }
    if (!(low_x <= high_x)) return false;
    if (c->from_zero) low_y = fmin(low_y, 0);
    *x = make_scale(low_x, high_x, LEFT, WIDTH - RIGHT);
    /* The run fills the width, wherever the next round number is. */
    if (high_x > low_x) x->low = low_x, x->high = high_x;
    *y = make_scale(low_y, high_y, HEIGHT - BOTTOM, TOP);
    return true;
}

/* ------------------------------------------------------------------------------------------------------ drawing --- */

static maske_status draw_axes(buffer *out, const chart *c, const scale *x, const scale *y) {
    char text[64];
    for (double value = y->low; value <= y->high + y->step / 2; value += y->step) {
        double at = place(y, value);
        tick_text(text, value, y->step);
        TRY(buffer_add_format(out, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>", LEFT, at,
                              WIDTH - RIGHT, at));
        TRY(buffer_add_format(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">%s</text>", LEFT - 8,
                              at + 4, text));
    }
    for (double value = ceil(x->low / x->step) * x->step; value <= x->high + x->step * 1e-9; value += x->step) {
        tick_text(text, value, x->step);
        TRY(buffer_add_format(out, "<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">%s</text>",
                              place(x, value), HEIGHT - BOTTOM + 16, text));
    }
    TRY(buffer_add_format(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%d\">", WIDTH - RIGHT, HEIGHT - 4));
    TRY(html_add_text(out, c->x_label));
    return buffer_add_text(out, "</text>");
}

static maske_status draw_dots(buffer *out, const chart_line *line, const scale *x, const scale *y) {
    for (size_t i = 0; i < line->count; i++)
        if (drawn(line, i))
            TRY(buffer_add_format(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%.0f: %.4f</title></circle>",
                                  line->style, place(x, line->x[i]), place(y, line->y[i]), line->x[i], line->y[i]));
    return MASKE_OK;
}

static maske_status draw_line(buffer *out, const chart_line *line, const scale *x, const scale *y) {
    size_t group = (line->count + CHART_POINTS - 1) / CHART_POINTS;
    TRY(buffer_add_format(out, "<polyline class=\"%s\" points=\"", line->style));
    for (size_t i = 0; i < line->count; i += group) {
        double sum_x = 0, sum_y = 0, n = 0;
        for (size_t j = i; j < i + group && j < line->count; j++)
            if (drawn(line, j)) sum_x += line->x[j], sum_y += line->y[j], n++;
        if (n > 0) TRY(buffer_add_format(out, "%.1f,%.1f ", place(x, sum_x / n), place(y, sum_y / n)));
    }
    TRY(buffer_add_text(out, "\"/>"));
    return line->dots ? draw_dots(out, line, x, y) : MASKE_OK;
}

maske_status chart_draw(buffer *out, const chart *c) {
    scale x, y;
    if (!find_ranges(c, &x, &y)) return MASKE_OK;
    TRY(buffer_add_text(out, "<figure><figcaption><b>"));
    TRY(html_add_text(out, c->title));
    TRY(buffer_add_text(out, "</b>"));
    for (size_t i = 0; i < c->line_count && c->line_count > 1; i++) {
        TRY(buffer_add_text(out, " <span class=\"legend\"><span class=\"key "));
        TRY(buffer_add_text(out, c->lines[i].style));
        TRY(buffer_add_text(out, "\"></span>"));
        TRY(html_add_text(out, c->lines[i].label));
        TRY(buffer_add_text(out, "</span>"));
    }
    TRY(buffer_add_format(out, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT));
    TRY(html_add_text(out, c->title));
    TRY(buffer_add_text(out, "\">"));
    TRY(draw_axes(out, c, &x, &y));
    for (size_t i = 0; i < c->line_count; i++) TRY(draw_line(out, &c->lines[i], &x, &y));
    return buffer_add_text(out, "</svg></figure>\n");
}
