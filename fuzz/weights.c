/* fuzz/weights.c: model.safetensors for a small configuration: if it is taken, it is the same when written and read
 * again. */
#include "models.h"
#include "bert/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const bert_config config = fuzz_config();
    masked_lm *model = NULL, *again = NULL;
    fuzz_input in = fuzz_start(data, size);
    const char *path = fuzz_write("model.safetensors", fuzz_rest(&in)), *copy = fuzz_path("copy.safetensors");
    if (!fuzz_ok(bert_weights_read(&model, &config, path))) return 0;
    MUST(bert_weights_write(copy, &model->table, model->weights, SAFETENSORS_F32));
    MUST(bert_weights_read(&again, &config, copy));
    CHECK(again->table.total == model->table.total && again->finite == model->finite);
    for (size_t i = 0; i < model->table.total; i++)
        CHECK(memcmp(&again->weights[i], &model->weights[i], sizeof(float)) == 0 || model->weights[i] != model->weights[i]);
    masked_lm_free(model);
    masked_lm_free(again);
    return 0;
}
