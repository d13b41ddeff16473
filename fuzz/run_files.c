/* fuzz/run_files.c: the files of a run's folder, train.json ('t') and corpus.json ('c'): what is read is written and read
 * again as the same. And its text, from standard input ('i'): the copy is known again, and not when it has changed. */
#include "fuzz.h"
#include "train/settings.h"
#include "train/sources.h"

static json_t *parse_written(buffer *text) {
    json_t *json = NULL;
    MUST(json_parse_object(&json, text->data, text->length, "again"));
    return json;
}

static void check_settings(const json_t *json) {
    maske_train_options s, again;
    if (!fuzz_ok(settings_read(&s, json, "train.json"))) return;
    MUST(settings_check(&s));
    buffer text = {0};
    json_writer w = json_writer_start(&text, true);
    settings_write(&w, &s);
    MUST(json_writer_end(&w));
    json_t *written = parse_written(&text);
    MUST(settings_read(&again, written, "again"));
    MUST(settings_expect_equal(&again, "again", &s, "train.json"));
    (void)fuzz_ok(settings_complete(&s));
    json_decref(written);
    buffer_free(&text);
    settings_free(&s);
    settings_free(&again);
}

static void check_sources(const json_t *json) {
    sources s = {0}, again = {0};
    if (!fuzz_ok(sources_read(&s, json, fuzz_folder(), "corpus.json"))) return;
    buffer text = {0};
    json_writer w = json_writer_start(&text, true);
    sources_write(&w, &s);
    MUST(json_writer_end(&w));
    json_t *written = parse_written(&text);
    MUST(sources_read(&again, written, fuzz_folder(), "again"));
    CHECK(again.count == s.count && sources_text(&s).count == s.count);
    CHECK(sources_fingerprint(&again) == sources_fingerprint(&s));
    json_decref(written);
    buffer_free(&text);
    sources_free(&s);
    sources_free(&again);
}

static void check_text(fuzz_part text) {
    sources s = {0};
    int64_t bytes = 0;
    const maske_control control = {0};
    fuzz_as_standard_input(fuzz_write("given", text));
    const maske_text input = {(const char *const[]){"-"}, 1, NULL};
    if (!fuzz_ok(sources_find(&s, &input))) return;
    bool taken = fuzz_ok(sources_take_standard_input(&s, fuzz_folder(), &control));
    if (taken) {
        MUST(sources_measure(&s, &control));
        CHECK(s.count == 1 && s.files[0].bytes > 0);
        MUST(sources_expect_unchanged(&s, &control));
        if (fuzz_ok(sources_text_bytes(&bytes, &s, 1000))) CHECK(bytes <= s.files[0].bytes + 1);
        s.files[0].fingerprint ^= 1;
        CHECK(sources_expect_unchanged(&s, &control) == MASKE_BAD_ARGUMENT);
        s.files[0].bytes++;
        CHECK(sources_expect_unchanged(&s, &control) == MASKE_BAD_ARGUMENT);
    }
    sources_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *json = NULL;
    fuzz_input in = fuzz_start(data, size);
    unsigned kind = fuzz_byte(&in);
    if (kind == 'i') return check_text(fuzz_rest(&in)), 0;
    if (!fuzz_ok(json_parse_object(&json, in.at, in.left, "input"))) return 0;
    if (kind == 'c') check_sources(json);
    else check_settings(json);
    json_decref(json);
    return 0;
}
