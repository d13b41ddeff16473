/* train/recipe.c: the rule. Every number in it that was measured is one of `rule`; docs/recipe.md says where. */
#include "train/recipe.h"
#include "base/number.h"
#include "base/options.h"
#include "train/sizes.h"

#include <math.h>
#include <string.h>

/* A size is taken from `trained` tokens that the minutes allow, and from `text` tokens that there are, on: before that
 * a smaller one has learned more by the end, or a larger one has learned the text by heart. Where it would go over the text
 * less than `passes` times, the smaller one still meets what is new to it, and learns more from it up to `plenty` tokens. */
typedef struct size_rule { const char *name; double trained, passes, plenty, text; } size_rule;

static const struct {
    size_rule sizes[5];
    double narrow;              /* hidden sizes below are as tiny's */
    double speed_widths[3], speeds[4];          /* from so wide on the next one: operations a second, beside mini's */
    double token_bytes;         /* of text for each token, times the vocabulary's logarithm (to base 2) */
    double vocabulary_bytes, usual_vocabulary, more_bytes;      /* of text for each entry, and for each beyond the usual */
    double least_vocabulary, most_vocabulary;
    double overhead;            /* share of the time that evaluations and checkpoints take */
    double steps;               /* aimed at: batches are as large as leaves so many */
    int64_t least_batch, most_batch;
    double dropout_passes[4], dropout[5];       /* from so many passes on the next one */
    double most_attention_dropout, most_narrow_dropout; /* the latter of tiny, which has less to learn by heart with */
    double decay_passes, weight_decay[2];
    double most_passes;         /* more do not help: the run ends early */
    double mask_probability;
    const char *optimizer, *schedule;
    double decay_ratio, warmup_ratio;
    double learning_rate, muon_learning_rate;   /* at a hidden size of 256 */
    double adamw_learning_rate; /* where AdamW has every weight */
    double continued, continued_rest;   /* factors of the layers' learning rate where a model is trained on, and beside Muon of the
                                           rest's */
    bool unigram_bias;
    double word_vectors;
    bool neighbour_heads;
    double held_out_share, held_out_tokens, held_out_work;      /* at most: of the text; tokens; of the tokens trained on */
    double held_out_least;      /* of what the first two allow, where the third would leave less */
} rule = {
    .sizes = {{"tiny", 0, 0, 0, 0},
              {"mini", 1.8e6, 8, 8e6, 0},
              {"small", 60e6, 0, 60e6, 2e6},
              {"medium", 250e6, 0, 250e6, 8e6},
              {"base", 1.5e9, 0, 1.5e9, 40e6}},
    .narrow = 192,
    .speed_widths = {192, 384, 640},
    .speeds = {0.85, 1, 0.9, 1},
    .token_bytes = 0.41,
    .vocabulary_bytes = 180,
    .usual_vocabulary = 8000,
    .more_bytes = 720,
    .least_vocabulary = 1000,
    .most_vocabulary = 16000,
    .overhead = 0.05,
    .steps = 4000,
    .least_batch = 16,
    .most_batch = 64,
    .dropout_passes = {4, 7, 12, 18},
    .dropout = {0, 0.05, 0.1, 0.2, 0.3},
    .most_attention_dropout = 0.1,
    .most_narrow_dropout = 0.1,
    .decay_passes = 7,
    .weight_decay = {0.01, 0.1},
    .most_passes = 40,
    .mask_probability = 0.4,
    .optimizer = "muon",
    .schedule = "wsd",
    .decay_ratio = 0.6,
    .warmup_ratio = 0.03,
    .learning_rate = 4e-3,
    .muon_learning_rate = 4e-3,
    .adamw_learning_rate = 1e-3,
    .continued = 0.5,
    .continued_rest = 0.125,
    .unigram_bias = true,
    .word_vectors = 0.07,
    .neighbour_heads = true,
    .held_out_share = 0.02,
    .held_out_tokens = 60000,
    .held_out_work = 0.009,
    .held_out_least = 0.1,
};
enum { SIZES = 5, BATCH_STEP = 8, SEQUENCES_A_BATCH = 4 /* a text has at least so many batches */ };

/* ---------------------------------------------------------------------------------------------------- arithmetic --- */

static double bytes_a_token(double vocab_size) { return fmax(1, rule.token_bytes * log2(fmax(vocab_size, 2))); }

/* Forward and twice as much backward. Of the last layer only keys and values are computed for every token. */
double recipe_operations(const maske_train_options *s, double vocab_size) {
    double h = (double)s->hidden_size, i = (double)s->intermediate_size, layers = (double)s->num_hidden_layers;
    double p = s->mask_probability, length = (double)s->max_length;
    double layer = 8 * h * h + 4 * h * i + 4 * length * h, last = 4 * h * h + p * (4 * h * h + 4 * h * i + 4 * length * h);
    return 3 * ((layers - 1) * layer + last + 2 * p * h * (h + vocab_size));
}

/* --------------------------------------------------------------------------------------------------------- given --- */

static size_t row_of(const char *name, size_t length) {
    const maske_option *rows = maske_train_option_table();
    size_t i = 0;
    while (rows[i].name != NULL && (strlen(rows[i].name) != length || memcmp(rows[i].name, name, length) != 0)) i++;
    return i;
}

maske_status recipe_find_given(bool given[RECIPE_ROWS], const maske_train_options *settings, const char *names) {
    const maske_option *rows = maske_train_option_table();
    maske_train_options defaults;
    maske_train_options_defaults(&defaults);
    for (size_t i = 0; i < RECIPE_ROWS; i++) given[i] = false;
    for (size_t i = 0; i < RECIPE_ROWS && rows[i].name != NULL; i++) {
        char found[512], usual[512];
        bool has = option_print(found, sizeof found, &rows[i], settings);
        bool has_usual = option_print(usual, sizeof usual, &rows[i], &defaults);
        given[i] = has != has_usual || (has && strcmp(found, usual) != 0);
    }
    for (const char *at = names; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, ","), row = row_of(at, length);
        if (rows[row].name == NULL)
            return error_set(MASKE_BAD_ARGUMENT, "given: found \"%.*s\", which is no setting of a run",
                             length < 100 ? (int)length : 100, at);
        given[row] = true;
        at += length;
        if (*at == ',') at++;
    }
    return MASKE_OK;
}

bool recipe_is_given(const bool given[RECIPE_ROWS], const char *name) { return given[row_of(name, strlen(name))]; }
static bool is_given(const recipe_inputs *in, const char *name) { return recipe_is_given(in->given, name); }

/* ------------------------------------------------------------------------------------------------------ the table --- */

static recipe_line *add_line(recipe_choice *c, const char *name, bool given) {
    recipe_line *line = &c->lines[c->count < RECIPE_LINES - 1 ? c->count++ : c->count];
    *line = (recipe_line){.name = name, .given = given};
    if (given) number_print(line->why, sizeof line->why, "given");
    return line;
}

/* Sets a number unless it was given; one line for it. */
#define LINE(c, in, name, why_format, ...)                                                                             \
    do {                                                                                                               \
        recipe_line *line_ = add_line(c, name, is_given(in, name));                                                    \
        print_setting(line_, settings);                                                                                \
        if (!line_->given) number_print(line_->why, sizeof line_->why, why_format, __VA_ARGS__);                       \
    } while (0)

static void print_setting(recipe_line *line, const maske_train_options *settings) {
    const maske_option *row = &maske_train_option_table()[row_of(line->name, strlen(line->name))];
    if (!option_print(line->value, sizeof line->value, row, settings)) line->value[0] = '\0';
}

static void set(const recipe_inputs *in, const char *name, double *setting, double value) {
    if (!is_given(in, name)) *setting = value;
}

/* ---------------------------------------------------------------------------------------------------- each choice --- */

double recipe_speed(double hidden) {
    size_t i = 0;
    while (i < 3 && hidden >= rule.speed_widths[i]) i++;
    return rule.speeds[i];
}

static void count_work(recipe_choice *c, const maske_train_options *shape, const recipe_inputs *in, double vocabulary) {
    double seconds = 60 * c->minutes * (1 - rule.overhead), speed = in->operations * recipe_speed((double)shape->hidden_size);
    c->trained = seconds * speed / recipe_operations(shape, vocabulary);
    c->passes = c->trained / c->tokens;
}

/* The shape of the size, unless parts of it were given. */
static maske_status shape_of(maske_train_options *out, const maske_train_options *settings, const char *size) {
    *out = *settings;
    out->size = size;
    return sizes_complete(out);
}

static maske_status choose_size(recipe_choice *c, maske_train_options *settings, const recipe_inputs *in,
                                double vocabulary) {
    static const char *const shape_rows[] = {"size", "hidden-size", "num-hidden-layers", "intermediate-size"};
    maske_train_options shape;
    bool settled = in->has_model;
    for (size_t i = 0; i < 4; i++) settled = settled || is_given(in, shape_rows[i]);
    size_t chosen = 0;
    double trained = 0;
    for (size_t i = 0; i < SIZES && !settled; i++) {
        TRY(shape_of(&shape, settings, rule.sizes[i].name));
        const size_rule *size = &rule.sizes[i];
        count_work(c, &shape, in, vocabulary);
        if (c->trained < size->trained || c->tokens < size->text) break;
        if (c->trained < size->plenty && c->passes < size->passes) break;
        chosen = i;
        trained = c->trained;
    }
    if (!settled) settings->size = rule.sizes[chosen].name;
    TRY(shape_of(&shape, settings, settings->size));
    count_work(c, &shape, in, vocabulary);
    recipe_line *line = add_line(c, "size", settled);
    number_print(line->value, sizeof line->value, "%lld x %lld%s%s%s", (long long)shape.hidden_size,
                 (long long)shape.num_hidden_layers, settled ? "" : " (", settled ? "" : settings->size,
                 settled ? "" : ")");
    if (settled)
        number_print(line->why, sizeof line->why, "%s; about %.0f times over the text",
                     in->has_model ? "the model's" : "given", c->passes);
    else
        number_print(line->why, sizeof line->why, "about %.1f million tokens can be trained on: %.0f times the text",
                     trained / 1e6, c->passes);
    return MASKE_OK;
}

static void choose_minutes(recipe_choice *c, const recipe_inputs *in) {
    if (c->passes <= rule.most_passes) return;
    double share = rule.most_passes / c->passes;
    c->minutes *= share;
    c->trained *= share;
    c->passes *= share;
    recipe_line *line = add_line(c, "minutes", false);
    number_print(line->value, sizeof line->value, "%.3g", c->minutes);
    number_print(line->why, sizeof line->why, "of %.3g: more than %.0f times over so little text does not help",
                 in->minutes, rule.most_passes);
}

static void choose_batch(recipe_choice *c, maske_train_options *settings, const recipe_inputs *in) {
    double length = (double)settings->max_length, accumulate = (double)settings->accumulate;
    double sequences = c->tokens / length;
    int64_t batch = (int64_t)(c->trained / (rule.steps * length * accumulate) / BATCH_STEP) * BATCH_STEP;
    if (batch < rule.least_batch) batch = rule.least_batch;
    if (batch > rule.most_batch) batch = rule.most_batch;
    while (batch > 1 && (double)batch * accumulate * SEQUENCES_A_BATCH > sequences) batch /= 2;
    if (!is_given(in, "batch-size")) settings->batch_size = batch;
    c->steps = (int64_t)(c->trained / (length * accumulate * (double)settings->batch_size)) + 1;
    LINE(c, in, "batch-size", "about %lld steps", (long long)c->steps);
}

static double width_of(const maske_train_options *settings) {
    maske_train_options shape = *settings;
    return sizes_complete(&shape) == MASKE_OK ? (double)shape.hidden_size : 256;
}

/* To two figures, as a person would write it: 0.0057. */
static double rounded(double rate) {
    double ones = pow(10, 1 - floor(log10(rate)));
    return round(rate * ones) / ones;
}

static void choose_rates(recipe_choice *c, maske_train_options *settings, const recipe_inputs *in) {
    if (!is_given(in, "optimizer")) settings->optimizer = rule.optimizer;
    bool muon = strcmp(settings->optimizer, "muon") == 0;
    double by_width = sqrt(256 / width_of(settings)), narrow = fmin(1, by_width);
    double highest = muon ? by_width * rule.learning_rate : narrow * rule.adamw_learning_rate;
    double continued = in->has_model ? rule.continued : 1, rest = in->has_model && muon ? rule.continued_rest : continued;
    set(in, "learning-rate", &settings->learning_rate, rounded(rest * highest));
    set(in, "muon-learning-rate", &settings->muon_learning_rate, rounded(continued * narrow * rule.muon_learning_rate));
    if (!is_given(in, "schedule")) settings->schedule = rule.schedule;
    set(in, "decay-ratio", &settings->decay_ratio, rule.decay_ratio);
    set(in, "warmup-ratio", &settings->warmup_ratio, rule.warmup_ratio);
    if (!is_given(in, "unigram-bias")) settings->unigram_bias = rule.unigram_bias;
    set(in, "word-vectors", &settings->word_vectors, in->has_model ? 0 : rule.word_vectors);
    if (!is_given(in, "neighbour-heads")) settings->neighbour_heads = rule.neighbour_heads && !in->has_model;
    LINE(c, in, "optimizer", "%s", muon ? "the layers' matrices learn more from each step" : "");
    const char *why = in->has_model ? "less than a new model's: this one has learned already" : "for this width";
    if (!in->has_model) LINE(c, in, "word-vectors", "%s", "tokens beside which the same ones stand begin alike");
    if (!in->has_model) LINE(c, in, "neighbour-heads", "%s", "attention begins with the tokens beside a token");
    if (muon) LINE(c, in, "muon-learning-rate", "%s", why);
    LINE(c, in, "learning-rate", "%s", muon ? "of embeddings, biases and norms" : why);
    LINE(c, in, "schedule", "it stays up, and falls in the last %.0f %%", 100 * settings->decay_ratio);
}

static void choose_masks(recipe_choice *c, maske_train_options *settings, const recipe_inputs *in) {
    set(in, "mask-probability", &settings->mask_probability, rule.mask_probability);
    LINE(c, in, "mask-probability", "%s", "more to learn from each pass than 0.15");
}

static void choose_dropout(recipe_choice *c, maske_train_options *settings, const recipe_inputs *in) {
    size_t i = 0;
    while (i < 4 && c->passes >= rule.dropout_passes[i]) i++;
    double most = width_of(settings) < rule.narrow ? rule.most_narrow_dropout : 1;
    set(in, "dropout", &settings->dropout, fmin(rule.dropout[i], most));
    set(in, "attention-dropout", &settings->attention_dropout, fmin(settings->dropout, rule.most_attention_dropout));
    set(in, "weight-decay", &settings->weight_decay, rule.weight_decay[c->passes >= rule.decay_passes]);
    LINE(c, in, "dropout", "%.0f times over the text: %s", c->passes,
         i == 0 ? "nothing is learned by heart" : "against learning it by heart");
}

/* What is evaluated ten times is a small part of the work. */
static void choose_held_out(maske_train_options *settings, const recipe_choice *c, const recipe_inputs *in) {
    double most = fmin(rule.held_out_share * c->tokens, rule.held_out_tokens);
    double share = fmin(most, fmax(rule.held_out_work * c->trained, rule.held_out_least * most)) / c->tokens;
    if (settings->valid == NULL) set(in, "valid-fraction", &settings->valid_fraction, share);
}

maske_status recipe_choose(recipe_choice *out, maske_train_options *given, const recipe_inputs *in) {
    recipe_choice c = {.minutes = in->minutes}, masks = {0};
    maske_train_options chosen = *given, *settings = &chosen;
    double vocabulary = (double)in->vocab_size;
    if (in->vocab_size == 0) {
        double usual_bytes = rule.usual_vocabulary * rule.vocabulary_bytes;
        double entries = fmin(in->text_bytes, usual_bytes) / rule.vocabulary_bytes +
                         fmax(in->text_bytes - usual_bytes, 0) / rule.more_bytes;
        entries = fmin(fmax(entries, rule.least_vocabulary), rule.most_vocabulary);
        if (!is_given(in, "vocab-size")) settings->vocab_size = (int64_t)entries / 8 * 8;
        vocabulary = (double)settings->vocab_size;
    }
    c.tokens = fmax(1, in->text_bytes / bytes_a_token(vocabulary));
    choose_masks(&masks, settings, in);         /* the work depends on them */
    TRY(choose_size(&c, settings, in, vocabulary));
    if (in->vocab_size == 0) LINE(&c, in, "vocab-size", "an entry for each %.0f bytes of text, beyond %.0f for each %.0f; at most %.0f",
                                  rule.vocabulary_bytes, rule.usual_vocabulary, rule.more_bytes, rule.most_vocabulary);
    choose_minutes(&c, in);
    choose_batch(&c, settings, in);
    choose_rates(&c, settings, in);
    c.lines[c.count++] = masks.lines[0];
    choose_dropout(&c, settings, in);
    choose_held_out(settings, &c, in);
    *given = chosen;
    *out = c;
    return MASKE_OK;
}
