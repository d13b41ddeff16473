/* cli/command_bench_infer.c: maske bench infer: how fast this machine runs a model. */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"

struct settings { const char *model, *precision; double seconds; };
static struct settings settings;

static const maske_option rows[] = {
    ROW_MODEL(struct settings),
    ROW_PRECISION(struct settings, "auto|f32|bf16|int8", "f32", "of matrix products"),
    {"seconds", MASKE_OPTION_NUMBER, offsetof(struct settings, seconds), 0, 3600, "S", "0.6",
     "for each kind of work; of its passes the fastest counts"},
    {0}
};

static void prepare(options *o) {
    options_fill_defaults(rows, &settings);
    options_add(o, rows, &settings);
}

static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

static maske_status print_json(const maske_bench_infer_report *r) {
    json_writer *w = out_json_start();
    json_begin_object(w);
    json_key(w, "precision"), json_text(w, r->precision);
    json_key(w, "cpu"), json_text(w, r->level);
    json_key(w, "threads"), json_int(w, r->threads);
    json_key(w, "product_gflops"), json_double(w, r->product_gflops);
    json_key(w, "product_processor_gflops"), json_double(w, r->product_processor_gflops);
    json_key(w, "works");
    json_begin_array(w);
    for (int i = 0; i < MASKE_BENCH_WORKS; i++) {
        const maske_bench_work *work = &r->works[i];
        json_begin_object(w);
        json_key(w, "texts"), json_int(w, work->sequences);
        json_key(w, "length"), json_int(w, work->length);
        json_key(w, "seconds"), json_double(w, work->seconds);
        json_key(w, "processor_seconds"), json_double(w, work->processor_seconds);
        json_key(w, "tokens_per_second"), json_double(w, ratio((double)(work->sequences * work->length), work->seconds));
        json_key(w, "gflop"), json_double(w, work->gflop);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    return out_json_end();
}

static maske_status print_table(const maske_bench_infer_report *r) {
    out_format("%s on %s, %lld thread%s; products alone: %.0f GFLOP/s\n", r->precision, r->level, (long long)r->threads,
               r->threads == 1 ? "" : "s", r->product_gflops);
    out_format("  %-26s %10s %11s %10s %9s %13s\n", "", "ms", "processors", "tokens/s", "GFLOP/s", "of products");
    for (int i = 0; i < MASKE_BENCH_WORKS; i++) {
        const maske_bench_work *work = &r->works[i];
        char tokens[32], name[64];
        double speed = ratio(work->gflop, work->seconds);
        print_count(tokens, ratio((double)(work->sequences * work->length), work->seconds));
        snprintf(name, sizeof name, "%lld text%s of %lld tokens", (long long)work->sequences,
                 work->sequences == 1 ? "" : "s", (long long)work->length);
        out_format("  %-26s %10.2f %11.2f %10s %9.0f %11.0f %%\n", name, work->seconds * 1e3,
                   work->processor_seconds * 1e3, tokens, speed,
                   100 * ratio(speed, r->product_gflops));
    }
    return out_status();
}

static maske_status run(const invocation *call) {
    const maske_model_options how = {.precision = settings.precision, .threads = call->control.threads};
    maske_model *model = NULL;
    maske_bench_infer_report report;
    TRY(maske_model_open(&model, settings.model, &how));
    maske_status status = maske_bench_infer(&report, model, settings.seconds, &call->control);
    if (status == MASKE_OK) status = call->json ? print_json(&report) : print_table(&report);
    maske_model_close(model);
    return status;
}

static const char *const examples[] = {"maske bench infer --model my-model --precision f32", NULL};
const command command_bench_infer = {
    .name = "bench infer",
    .summary = "measures how fast this machine runs a model",
    .details = "Every token's vector of one text of 16 tokens, of one of 128, of 32 texts of 32 and of 32 texts of 128, on "
               "made-up tokens. Products alone are matrices that stay in each thread's cache: the speed that a pass of "
               "nothing else would have.",
    .examples = examples,
    .required = "model",
    .prints_figures = true,
    .prepare = prepare,
    .run = run,
};
