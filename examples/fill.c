/* examples/fill.c: the likeliest words for the masks of a prompt, and the filled text: fill FOLDER PROMPT */
#include <maske.h>

#include <stdio.h>

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: fill FOLDER PROMPT\n"), 2;
    maske_model *model = NULL;
    maske_fill_result filled = {0};
    maske_fill_options options;
    maske_fill_options_defaults(&options);
    options.top_k = 3;
    maske_status status = maske_model_open(&model, arguments[1], NULL);
    if (status == MASKE_OK) status = maske_fill(model, arguments[2], &options, &filled);
    for (size_t mask = 0; status == MASKE_OK && mask < filled.mask_count; mask++)
        for (size_t i = 0; i < filled.candidate_count; i++) {
            const maske_fill_candidate *c = &filled.candidates[mask * filled.candidate_count + i];
            printf("mask %zu: %.4f %s\n", mask + 1, c->score, c->token);
        }
    if (status == MASKE_OK) puts(filled.text);
    else fprintf(stderr, "%s\n", maske_error());
    maske_fill_result_free(&filled);
    maske_model_close(model);
    return status != MASKE_OK;
}
