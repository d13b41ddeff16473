/* fuzz/run_files.c: the files of a run's folder, train.json ('t') and corpus.json ('c'): what is read is written and read
 * again as the same. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *json = NULL;
    fuzz_input in = fuzz_start(data, size);
    unsigned kind = fuzz_byte(&in);
    if (!fuzz_ok(json_parse_object(&json, in.at, in.left, "input"))) return 0;
    if (kind == 'c') check_sources(json);
    else check_settings(json);
    json_decref(json);
    return 0;
}
