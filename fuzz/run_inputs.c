/* fuzz/run_inputs.c: the tensors that `maske run` is given: what is taken fits the model in every place. */
#include "models.h"
#include "tasks/run_input.h"

static void check_range(const int32_t *values, size_t count, int32_t minimum, int32_t maximum, int32_t beside) {
    for (size_t i = 0; values != NULL && i < count; i++)
        CHECK((values[i] >= minimum && values[i] <= maximum) || values[i] == beside);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const bert_config config = fuzz_config();
    run_input in = {0};
    fuzz_input bytes = fuzz_start(data, size);
    if (!fuzz_ok(run_input_read(&in, fuzz_write("in.safetensors", fuzz_rest(&bytes)), &config))) return 0;
    CHECK(in.batch > 0 && in.length > 0 && in.length <= 16 && in.tokens == in.batch * in.length && in.tokens <= size);
    CHECK((in.input_ids == NULL) != (in.inputs_embeds == NULL));
    check_range(in.input_ids, in.tokens, 0, 19, 0);
    check_range(in.token_type_ids, in.tokens, 0, 1, 0);
    check_range(in.labels, in.tokens, 0, 19, -100);
    for (size_t i = 0; in.attention_mask != NULL && i < in.tokens; i++) CHECK(in.attention_mask[i] <= 1);
    run_input_free(&in);
    return 0;
}
