/* cli/command_bench_train.c: maske bench train: how fast this machine trains, and on what the time goes. */
#include "cli/command.h"
#include "cli/output.h"
#include "cli/rows.h"

static maske_train_options settings;

#define MEMBER(name) offsetof(maske_train_options, name)
static const maske_option rows[] = {
    {"precision", MASKE_OPTION_CHOICE, MEMBER(precision), 0, 0, "auto|f32|bf16", "auto",
     "of matrix products; auto: bf16 where the CPU has it"},
    {"max-length", MASKE_OPTION_INTEGER, MEMBER(max_length), 4, 65535, "N", "128", "tokens of a sequence"},
    {"batch-size", MASKE_OPTION_INTEGER, MEMBER(batch_size), 1, 65536, "N", "32", "sequences in a batch"},
    {"vocab-size", MASKE_OPTION_INTEGER, MEMBER(vocab_size), 8, 1 << 22, "N", "16000", "entries of the vocabulary"},
    {"steps", MASKE_OPTION_INTEGER, MEMBER(steps), 1, 1e9, "N", "10", "of each phase the fastest one counts"},
    {0}
};

static void prepare(options *o) {
    maske_train_options_defaults(&settings);
    options_fill_defaults(rows, &settings);
    options_add(o, rows, &settings);
}

static double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

static void print_json(json_writer *w, const char *size, const maske_bench_train_report *r) {
    json_begin_object(w);
    json_key(w, "size"), json_text(w, size);
    json_key(w, "precision"), json_text(w, r->precision);
    json_key(w, "cpu"), json_text(w, r->level);
    json_key(w, "threads"), json_int(w, r->threads);
    json_key(w, "parameters"), json_int(w, r->parameters);
    json_key(w, "tokens"), json_int(w, r->tokens);
    json_key(w, "seconds"), json_double(w, r->seconds);
    json_key(w, "processor_seconds"), json_double(w, r->processor_seconds);
    json_key(w, "tokens_per_second"), json_double(w, ratio((double)r->tokens, r->seconds));
    json_key(w, "gflop"), json_double(w, r->gflop);
    json_key(w, "product_gflops"), json_double(w, r->product_gflops);
    json_key(w, "phases");
    json_begin_array(w);
    for (int p = 0; p < MASKE_BENCH_PHASES; p++) {
        json_begin_object(w);
        json_key(w, "phase"), json_text(w, r->phases[p].name);
        json_key(w, "seconds"), json_double(w, r->phases[p].seconds);
        json_key(w, "gflop"), json_double(w, r->phases[p].gflop);
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
}

static void print_line(const char *name, double seconds, double all, double gflop, double product_gflops) {
    out_format("  %-18s %10.2f %5.0f %%", name, seconds * 1e3, 100 * ratio(seconds, all));
    if (gflop > 0) {
        double speed = ratio(gflop, seconds);
        out_format(" %9.0f %12.0f %%", speed, 100 * ratio(speed, product_gflops));
    }
    out_text("\n");
}

static void print_table(const char *size, const maske_bench_train_report *r) {
    char tokens[32], parameters[32];
    double all = 0;
    for (int p = 0; p < MASKE_BENCH_PHASES; p++) all += r->phases[p].seconds;
    print_count(tokens, ratio((double)r->tokens, r->seconds));
    print_count(parameters, (double)r->parameters);
    out_format("%s, %s parameters, %s on %s, %lld thread%s: %s tokens/s; products alone: %.0f GFLOP/s\n", size, parameters,
               r->precision, r->level, (long long)r->threads, r->threads == 1 ? "" : "s", tokens, r->product_gflops);
    out_format("  %-18s %10s %7s %9s %14s\n", "", "ms", "share", "GFLOP/s", "of products");
    for (int p = 0; p < MASKE_BENCH_PHASES; p++)
        print_line(r->phases[p].name, r->phases[p].seconds, all, r->phases[p].gflop, r->product_gflops);
    print_line("a step", r->seconds, r->seconds, r->gflop, r->product_gflops);
    out_format("  %-18s %10.2f\n", "processors' time", r->processor_seconds * 1e3);
}

static maske_status measure(const char *size, json_writer *w, const invocation *call) {
    maske_bench_train_report report;
    settings.size = size;
    TRY(maske_bench_train(&report, &settings, &call->control));
    if (w != NULL) print_json(w, size, &report);
    else print_table(size, &report);
    return w != NULL ? out_status() : out_flush();
}

static maske_status run(const invocation *call) {
    static const char *const usual[] = {"tiny", "mini"};
    size_t count = call->options->argument_count;
    const char *const *sizes = count > 0 ? call->options->arguments : usual;
    json_writer *w = call->json ? out_json_start() : NULL;
    if (w != NULL) json_begin_array(w);
    for (size_t i = 0; i < (count > 0 ? count : 2); i++) TRY(measure(sizes[i], w, call));
    if (w == NULL) return out_status();
    json_end_array(w);
    return out_json_end();
}

static const char *const examples[] = {
    "maske bench train",
    "maske bench train --precision f32 --max-length 512 --batch-size 8 mini base",
    "maske bench train --threads 1 --json tiny",
    NULL
};
const command command_bench_train = {
    .name = "bench train",
    .summary = "measures how fast this machine trains, and on what the time goes",
    .arguments = "[SIZE...]",
    .details = "SIZE is tiny, mini, small, medium or base; without one, tiny and mini are measured. Steps are those of "
               "maske train with dropout, on made-up tokens in full sequences. Products alone are matrices that stay in "
               "each thread's cache: the speed that a step of nothing else would have. Attention and feed-forward are "
               "forward and backward; the gradients of their matrices are a phase of their own. The optimizer also "
               "lays the new weights out for the products.",
    .examples = examples,
    .prints_figures = true,
    .prepare = prepare,
    .run = run,
};
