/* train/trainer_state.c: one list of the members, walked for writing and for reading. */
#include "train/trainer_state.h"
#include "train/fingerprint.h"

#include <math.h>
#include <stdio.h>

typedef enum member_kind { INTEGER, NUMBER, BOOLEAN } member_kind;
/* added: in a later version; a file without it is of a run that had no use for it, and 0 is right. */
typedef struct member { const char *name; member_kind kind; size_t offset; bool added; } member;

#define MEMBER(name, kind) {#name, kind, offsetof(trainer_state, name), false}
#define ADDED(name, kind)  {#name, kind, offsetof(trainer_state, name), true}
static const member members[] = {
    MEMBER(step, INTEGER),
    MEMBER(updates, INTEGER),
    MEMBER(skipped_in_a_row, INTEGER),
    MEMBER(tokens, INTEGER),
    MEMBER(seconds, NUMBER),
    MEMBER(epoch_loss_sum, NUMBER),
    MEMBER(epoch_predicted, INTEGER),
    MEMBER(epoch_correct, INTEGER),
    MEMBER(over, BOOLEAN),
    MEMBER(finished, BOOLEAN),
    MEMBER(evaluation_due, BOOLEAN),
    MEMBER(best_step, INTEGER),
    MEMBER(best_loss, NUMBER),
    MEMBER(best_accuracy, NUMBER),
    MEMBER(time_budget, NUMBER),
    MEMBER(evaluations_by_clock, INTEGER),
    MEMBER(evaluation_seconds, NUMBER),
    MEMBER(save_seconds, NUMBER),
    MEMBER(metrics_bytes, INTEGER),
    ADDED(skipped, INTEGER),
    ADDED(gradient_norm, NUMBER),
    ADDED(epoch, INTEGER),
    ADDED(sequence, INTEGER),
    ADDED(mix_epoch, INTEGER),
    ADDED(mix_sequence, INTEGER),
    ADDED(averaged, INTEGER),
    ADDED(best_is_average, BOOLEAN),
    ADDED(evaluating_seconds, NUMBER),
    ADDED(evaluated_sequences, INTEGER),
};
enum { MEMBERS = sizeof members / sizeof members[0] };

void trainer_state_write(json_writer *w, const trainer_state *state) {
    for (size_t i = 0; i < MEMBERS; i++) {
        const void *value = (const char *)state + members[i].offset;
        json_key(w, members[i].name);
        if (members[i].kind == INTEGER) json_int(w, *(const int64_t *)value);
        else if (members[i].kind == NUMBER) json_double(w, *(const double *)value);
        else json_bool(w, *(const bool *)value);
    }
}

static maske_status read_member(trainer_state *state, const member *m, const json_t *object, const char *place) {
    void *value = (char *)state + m->offset;
    const json_t *found = json_object_get(object, m->name);
    if (found == NULL && m->added) return MASKE_OK;
    if (m->kind == INTEGER) return json_get_integer(value, object, m->name, 0, INT64_MAX, place);
    if (m->kind == NUMBER) {
        if (!json_is_number(found))
            return error_set(MASKE_BAD_FILE, "%s: \"%s\" is %s, expected a number", place, m->name, json_kind(found));
        return json_get_number_or(value, 0, object, m->name, 0, 1e300, place);
    }
    if (!json_is_boolean(found))
        return error_set(MASKE_BAD_FILE, "%s: \"%s\" is %s, expected true or false", place, m->name, json_kind(found));
    *(bool *)value = json_is_true(found);
    return MASKE_OK;
}

maske_status trainer_state_read(trainer_state *out, const json_t *object, const char *place) {
    trainer_state state = {0};
    for (size_t i = 0; i < MEMBERS; i++) TRY(read_member(&state, &members[i], object, place));
    if (state.updates > state.step || state.skipped_in_a_row > state.step || state.best_step > state.step)
        return error_set(MASKE_BAD_FILE,
                         "%s: \"updates\", \"skipped_in_a_row\" or \"best_step\" is above \"step\", %lld", place,
                         (long long)state.step);
    *out = state;
    return MASKE_OK;
}

static void write_fingerprint(json_writer *w, const char *key, uint64_t fingerprint) {
    char text[17];
    fingerprint_print(text, fingerprint);
    json_key(w, key);
    json_text(w, text);
}

void run_identity_write(json_writer *w, const run_identity *identity) {
    json_begin_object(w);
    write_fingerprint(w, "corpus", identity->corpus);
    write_fingerprint(w, "valid", identity->valid_corpus);
    write_fingerprint(w, "mix", identity->mix_corpus);
    write_fingerprint(w, "tokenizer", identity->tokenizer);
    json_key(w, "threads");
    json_int(w, identity->threads);
    json_key(w, "cpu");
    json_text(w, identity->cpu);
    json_key(w, "precision");
    json_text(w, identity->precision);
    json_key(w, "version");
    json_text(w, identity->version);
    json_end_object(w);
}

maske_status run_identity_read(run_identity *out, const json_t *object, const char *place) {
    run_identity identity = {0};
    const char *cpu = NULL, *precision = NULL, *version = NULL;
    TRY(fingerprint_read(&identity.corpus, object, "corpus", place));
    TRY(fingerprint_read(&identity.valid_corpus, object, "valid", place));
    if (json_object_get(object, "mix") != NULL) TRY(fingerprint_read(&identity.mix_corpus, object, "mix", place));
    TRY(fingerprint_read(&identity.tokenizer, object, "tokenizer", place));
    TRY(json_get_integer(&identity.threads, object, "threads", 1, 1 << 20, place));
    TRY(json_get_text(&cpu, object, "cpu", place));
    TRY(json_get_text(&precision, object, "precision", place));
    TRY(json_get_text(&version, object, "version", place));
    snprintf(identity.cpu, sizeof identity.cpu, "%s", cpu);
    snprintf(identity.precision, sizeof identity.precision, "%s", precision);
    snprintf(identity.version, sizeof identity.version, "%s", version);
    *out = identity;
    return MASKE_OK;
}
