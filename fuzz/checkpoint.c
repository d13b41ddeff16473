/* fuzz/checkpoint.c: a checkpoint of which one file was written by somebody else, who fits the fingerprints: it loads
 * with finite moments, or not at all. Beside it is an older one: that is used where the newest is seen to be damaged. */
#include "models.h"
#include "train/checkpoint.h"
#include "train/fingerprint.h"
#include "train/settings.h"

#include <math.h>

static const char *const names[] = {"trainer_state.json", "optimizer.safetensors", "model.safetensors", "config.json"};
enum { NAMES = 4, STEP = 5, OLDER = 4 };

static struct {
    masked_lm *model;
    maske_tokenizer *tokenizer;
    optimizer moments;
    maske_train_options settings;
    fuzz_part originals[NAMES];
    const char *folder;
    char paths[NAMES][512];
} made;

static const run_identity identity = {.corpus = 1, .tokenizer = 2, .threads = 3, .cpu = "plain", .version = "0"};

/* Where the checkpoint is there already, this writes its state anew, with the fingerprints of its files as they are. */
static void save(int64_t step) {
    trainer_state state = {.step = step};
    checkpoint_parts parts = {made.model, &made.moments, made.tokenizer, &state, &made.settings, &identity};
    MUST(checkpoint_save(made.folder, &parts));
}

/* One that is begun and given up leaves nothing; one too many is removed. */
static void save_and_remove(void) {
    trainer_state state = {.step = STEP + 1};
    checkpoint_parts parts = {made.model, &made.moments, made.tokenizer, &state, &made.settings, &identity};
    checkpoint_writing writing = {0};
    MUST(checkpoint_save_begin(&writing, made.folder, &parts));
    CHECK(checkpoint_abandon(&writing, MASKE_STOPPED) == MASKE_STOPPED);
    save(OLDER - 1);
    save(STEP + 2);
    MUST(checkpoint_prune(made.folder, 3));
    MUST(checkpoint_remove_after(made.folder, STEP));
}

static void clean_up(void) {
    masked_lm_free(made.model);
    maske_tokenizer_free(made.tokenizer);
    optimizer_free(&made.moments);
    for (int i = 0; i < NAMES; i++) free((char *)(uintptr_t)made.originals[i].at);
}

static void set_up(void) {
    bert_config config = fuzz_config();
    atexit(clean_up);
    MUST(maske_tokenizer_open(&made.tokenizer, TEST_DATA "/tasks/wordpiece"));
    MUST(masked_lm_new(&made.model, &config, 3));
    MUST(optimizer_new(&made.moments, &made.model->table, 0));
    maske_train_options_defaults(&made.settings);
    char folder[400];
    snprintf(folder, sizeof folder, "%s", fuzz_path("checkpoints"));
    MUST(memory_copy_text((char **)(uintptr_t)&made.folder, folder, strlen(folder)));
    save(OLDER);
    save(STEP);
    save_and_remove();
    for (int i = 0; i < NAMES; i++) {
        char *bytes = NULL;
        snprintf(made.paths[i], sizeof made.paths[i], "%s/step-%d/%s", folder, STEP, names[i]);
        MUST(file_read(&bytes, &made.originals[i].length, made.paths[i], 1 << 20));
        made.originals[i].at = bytes;
    }
}

static void put(int which, fuzz_part bytes) {
    char name[64];
    snprintf(name, sizeof name, "checkpoints/step-%d/%s", STEP, names[which]);
    (void)fuzz_write(name, bytes);
}

/* The state as somebody would write it who wants to be believed: the right files and the right fingerprint. */
static void put_believable_state(fuzz_part text) {
    json_t *object = NULL, *original = NULL;
    if (json_parse_object(&object, text.at, text.length, "state") != MASKE_OK) {
        put(0, text);
        return;
    }
    MUST(json_parse_object(&original, made.originals[0].at, made.originals[0].length, "state"));
    CHECK(json_object_set(object, "files", json_object_get(original, "files")) == 0);
    (void)json_object_del(object, "fingerprint");
    char *body = json_dumps(object, JSON_INDENT(2)), fingerprint[17];
    CHECK(body != NULL);
    size_t length = strlen(body) - 2;       /* without its last line, "\n}" */
    buffer out = {0};
    fingerprint_print(fingerprint, fingerprint_bytes(body, length));
    MUST(buffer_add(&out, body, length));
    MUST(buffer_add_format(&out, ",\n  \"fingerprint\": \"%s\"\n}\n", fingerprint));
    put(0, (fuzz_part){out.data, out.length});
    buffer_free(&out);
    free(body);
    json_decref(object);
    json_decref(original);
}

static void check_moments(const optimizer *o, const parameters *table) {
    for (size_t i = 0; i < table->count; i++)
        for (size_t k = 0; k < table->rows[i].elements; k++) {
            size_t place = table->rows[i].place + k;
            CHECK(isfinite(o->first_moment[place]) && isfinite(o->second_moment[place]) && o->second_moment[place] >= 0);
        }
}

static void load(void) {
    checkpoint c = {0};
    masked_lm *model = NULL;
    optimizer o = {0};
    if (!fuzz_ok(checkpoint_newest(&c, made.folder))) return;
    CHECK(c.path != NULL && (c.state.step == STEP || c.state.step == OLDER) && c.state.updates <= STEP);
    if (fuzz_ok(checkpoint_load(&c, &model, &o, 0))) {
        CHECK(model->finite);
        check_moments(&o, &model->table);
        optimizer_free(&o);
        masked_lm_free(model);
    }
    checkpoint_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (made.model == NULL) set_up();
    fuzz_input in = fuzz_start(data, size);
    unsigned kind = fuzz_byte(&in) % (NAMES + 1);
    fuzz_part bytes = fuzz_rest(&in);
    if (kind == NAMES) put(0, bytes);
    else if (kind == 0) put_believable_state(bytes);
    else {
        put((int)kind, bytes);
        save(STEP);
    }
    load();
    if (kind > 0 && kind < NAMES) put((int)kind, made.originals[kind]);
    put(0, made.originals[0]);
    return 0;
}
