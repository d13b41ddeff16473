/* tests of tasks/extend: a model grown to a tokenizer with more entries. */
#include "tasks/small_model.h"
#include "tokenizer/tokenizer.h"
#include "train/checkpoint.h"

#include <math.h>

/* The model's tokenizer with merges of existing entries on top: two of old halves, one of a new half. */
static maske_tokenizer *extended_tokenizer(const maske_model *model, int32_t out[3]) {
    static const char *const halves[3][2] = {{"▁Ankara", "lar"}, {"▁bir", "a"}, {"▁Ankaralar", "▁bir"}};
    const maske_tokenizer *base = maske_model_tokenizer(model);
    const bpe *old = &base->model.bpe;
    bpe_merge *merges = malloc((old->merge_count + 3) * sizeof *merges);
    assert_non_null(merges);
    memcpy(merges, old->merges, old->merge_count * sizeof *merges);
    vocab entries = {0};
    maske_tokenizer *extended = NULL;
    assert_ok(vocab_copy(&entries, &old->vocab));
    for (int i = 0; i < 3; i++) {
        char joined[64];
        int32_t left = vocab_find(&entries, halves[i][0], strlen(halves[i][0])),
            right = vocab_find(&entries, halves[i][1], strlen(halves[i][1]));
        assert_true(left >= 0 && right >= 0);
        snprintf(joined, sizeof joined, "%s%s", halves[i][0], halves[i][1]);
        assert_ok(vocab_append(&entries, joined, strlen(joined), &out[i]));
        merges[old->merge_count + (size_t)i] = (bpe_merge){left, right, out[i]};
    }
    assert_ok(tokenizer_copy_with_bpe(&extended, base, &entries, merges, old->merge_count + 3));
    vocab_free(&entries);
    free(merges);
    return extended;
}

static double row_value(const maske_model *m, int32_t id, size_t i) {
    return (double)m->network->weights[m->network->table.word_embeddings + (size_t)id * 24 + i];
}
static double bias_value(const maske_model *m,
    int32_t id) { return (double)m->network->weights[m->network->table.decoder_bias + (size_t)id]; }

static void check_grown(const maske_model *old, const maske_model *grown, const int32_t ids[3]) {
    const maske_tokenizer *t = maske_model_tokenizer(old);
    int32_t ankara = maske_tokenizer_id(t, "▁Ankara", strlen("▁Ankara")), lar = maske_tokenizer_id(t, "lar", 3);
    int32_t bir = maske_tokenizer_id(t, "▁bir", strlen("▁bir")), a = maske_tokenizer_id(t, "a", 1);
    for (size_t i = 0; i < 24; i++) {
        for (int32_t id = 0; id < 600; id++) assert_true(row_value(old, id, i) == row_value(grown, id, i));
        assert_true(fabs(row_value(grown, ids[0], i) - (row_value(old, ankara, i) + row_value(old, lar,
            i)) / 2) < 1e-6);
        assert_true(fabs(row_value(grown, ids[1], i) - (row_value(old, bir, i) + row_value(old, a, i)) / 2) < 1e-6);
        double three = row_value(old, ankara, i) + row_value(old, lar, i) + row_value(old, bir, i);
        assert_true(fabs(row_value(grown, ids[2], i) - three / 3) < 1e-6);
    }
    assert_true(fabs(bias_value(grown, ids[0]) - (bias_value(old, ankara) + bias_value(old, lar)) / 2) < 1e-6);
    /* What the old entries were is what they are: the same logits for a text without new ones. */
    const int32_t text[] = {2, bir, 4, lar, 3};
    float *before = small_model_logits(old, text, 5, 2), *after = small_model_logits(grown, text, 5, 2);
    for (int id = 0; id < 600; id++) assert_true(fabsf(before[id] - after[id]) < 1e-5f);
    free(before);
    free(after);
}

static void new_rows_are_means_of_what_was_read_before(void **state) {
    (void)state;
    static const int64_t spare[] = {0, 2, 64};          /* rows beside the tokenizer's entries */
    for (size_t s = 0; s < 3; s++) {
        const char *folder = small_model_write("old", "metaspace", 0.3, spare[s]), *out = scratch_path("grown");
        maske_model *old = small_model_read(folder);
        for (size_t i = 0; i < 600; i++) old->network->weights[old->network->table.decoder_bias + i] = (float)i / 600;
        assert_ok(masked_lm_save(old->network, folder, SAFETENSORS_F32));
        int32_t ids[3];
        maske_tokenizer *extended = extended_tokenizer(old, ids);
        assert_ok(maske_model_extend(folder, extended, out, s > 0));
        maske_model *grown = small_model_read(out);
        assert_int_equal(grown->network->config.vocab_size, spare[s] < 3 ? 603 : 664);
        assert_int_equal(maske_tokenizer_vocab_size(maske_model_tokenizer(grown)), 603);
        check_grown(old, grown, ids);
        assert_fails(maske_model_extend(folder, extended, out, false), MASKE_EXISTS, "holds something already");
        maske_tokenizer_free(extended);
        maske_model_close(old);
        maske_model_close(grown);
    }
}

/* Learned from text, for a BPE over bytes and a WordPiece: a new word starts as the mean of what it was cut into. */
static void learned_words_start_as_their_pieces(void **state) {
    (void)state;
    static const char *const kinds[] = {"bytelevel", "wordpiece"}, *const word = "programlama";
    buffer text = {0};
    for (int i = 0; i < 30; i++) assert_ok(buffer_add_text(&text, "programlama dilleri, yazar programlama dilleri\n"));
    const char *path = scratch_text("text", text.data);
    for (int k = 0; k < 2; k++) {
        const char *folder = small_model_write("learning", kinds[k], 0.3, 0), *out = scratch_path("learned");
        maske_model *old = small_model_read(folder);
        maske_tokenizer_train_options options;
        maske_tokenizer *extended = NULL;
        maske_tokenizer_train_options_defaults(&options);
        options.vocab_size = maske_tokenizer_vocab_size(maske_model_tokenizer(old)) + 40;
        assert_ok(maske_tokenizer_extend(&extended, maske_model_tokenizer(old), &(maske_text){&path, 1, NULL}, &options,
                                         NULL, NULL));
        assert_ok(maske_model_extend(folder, extended, out, true));
        maske_model *grown = small_model_read(out);
        int32_t id = maske_tokenizer_id(extended, word, strlen(word));
        assert_true(id >= maske_tokenizer_vocab_size(maske_model_tokenizer(old)));
        maske_encoding cut = {0};
        const maske_encode_options plain = {.no_special = true};
        assert_ok(maske_tokenizer_encode(maske_model_tokenizer(old), word, strlen(word), NULL, 0, &plain, &cut));
        assert_true(cut.count > 1);
        for (size_t i = 0; i < 24; i++) {
            double sum = 0;
            for (size_t p = 0; p < cut.count; p++) sum += row_value(old, cut.ids[p], i);
            assert_true(fabs(row_value(grown, id, i) - sum / (double)cut.count) < 1e-6);
        }
        maske_encoding_free(&cut);
        maske_tokenizer_free(extended);
        maske_model_close(old);
        maske_model_close(grown);
    }
    buffer_free(&text);
}

/* A checkpoint's folder: every old moment stays in its place, and the new rows, spare ones too, have none. */
static void moments_grow_with_the_model(void **state) {
    (void)state;
    const char *folder = small_model_write("moving", "metaspace", 0.3, 2), *out = scratch_path("moved");
    maske_model *old = small_model_read(folder);
    const parameters *before = &old->network->table;
    optimizer moments = {0}, grown_moments = {0};
    assert_ok(optimizer_new(&moments, before, 0));
    for (size_t i = 0; i < before->count; i++)
        for (size_t j = 0; j < before->rows[i].elements; j++) {
            moments.first_moment[before->rows[i].place + j] = (float)j - 7;
            moments.second_moment[before->rows[i].place + j] = (float)(j + i) + 1;
        }
    assert_ok(checkpoint_save_moments(folder, before, &moments));
    int32_t ids[3];
    maske_tokenizer *extended = extended_tokenizer(old, ids);
    assert_ok(maske_model_extend(folder, extended, out, true));
    maske_model *grown = small_model_read(out);
    const parameters *after = &grown->network->table;
    assert_ok(optimizer_new(&grown_moments, after, 0));
    assert_ok(checkpoint_load_moments(out, after, &grown_moments));
    for (size_t i = 0; i < after->count; i++) {
        const parameter *row = &after->rows[i], *from = parameters_find(before, row->name);
        size_t width = row->rank == 2 ? row->shape[1] : 1;
        size_t kept = row->shape[0] == 603 ? 600 * width : row->elements;
        for (size_t j = 0; j < row->elements; j++) {
            float first = j < kept ? moments.first_moment[from->place + j] : 0;
            float second = j < kept ? moments.second_moment[from->place + j] : 0;
            assert_true(grown_moments.first_moment[row->place + j] == first);
            assert_true(grown_moments.second_moment[row->place + j] == second);
        }
    }
    optimizer_free(&moments);
    optimizer_free(&grown_moments);
    maske_tokenizer_free(extended);
    maske_model_close(old);
    maske_model_close(grown);
}

/* A row in the middle whose entry has become another one starts anew, all others stay. */
static void a_filled_place_is_a_new_row(void **state) {
    (void)state;
    const char *folder = small_model_write("unused", "metaspace", 0.3, 0), *out = scratch_path("filled");
    maske_model *old = small_model_read(folder);
    const maske_tokenizer *base = maske_model_tokenizer(old);
    const bpe *model = &base->model.bpe;
    int32_t ids[3], place = 300;
    maske_tokenizer *extended = extended_tokenizer(old, ids), *filled = NULL;
    vocab entries = {0};
    size_t length = 0;
    for (int32_t id = 0; id < 600; id++) {              /* the first new entry in the place of another one */
        const char *text = vocab_text(&extended->model.bpe.vocab, id == place ? ids[0] : id, &length);
        assert_ok(vocab_add(&entries, text, length, id));
    }
    bpe_merge *merges = malloc((model->merge_count + 1) * sizeof *merges);
    size_t count = 0;
    assert_non_null(merges);
    for (size_t i = 0; i <= model->merge_count; i++) {
        bpe_merge m = extended->model.bpe.merges[i];
        if (m.id == place || m.left == place || m.right == place) continue;
        if (m.id == ids[0]) m.id = place;
        merges[count++] = m;
    }
    assert_ok(tokenizer_copy_with_bpe(&filled, base, &entries, merges, count));
    assert_ok(maske_model_extend(folder, filled, out, true));
    maske_model *grown = small_model_read(out);
    int32_t ankara = maske_tokenizer_id(base, "▁Ankara", strlen("▁Ankara")), lar = maske_tokenizer_id(base, "lar", 3);
    assert_true(ankara != place && lar != place);
    for (int32_t id = 0; id < 600; id++)
        for (size_t i = 0; i < 24; i++) {
            double expected = id == place ? (row_value(old, ankara, i) + row_value(old, lar, i)) / 2 : row_value(old, id, i);
            assert_true(fabs(row_value(grown, id, i) - expected) < 1e-6);
        }
    free(merges);
    vocab_free(&entries);
    maske_tokenizer_free(filled);
    maske_tokenizer_free(extended);
    maske_model_close(old);
    maske_model_close(grown);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_rows_are_means_of_what_was_read_before),
        cmocka_unit_test(learned_words_start_as_their_pieces),
        cmocka_unit_test(moments_grow_with_the_model),
        cmocka_unit_test(a_filled_place_is_a_new_row),
    };
    return cmocka_run_group_tests_name("tasks/extend", tests, NULL, NULL);
}
