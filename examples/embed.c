/* examples/embed.c: how much alike two texts are, -1 to 1: embed FOLDER TEXT TEXT */
#include <maske.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count != 4) return fprintf(stderr, "usage: embed FOLDER TEXT TEXT\n"), 2;
    const char *const texts[2] = {arguments[2], arguments[3]};
    const size_t lengths[2] = {strlen(texts[0]), strlen(texts[1])};
    const maske_embed_options options = {.normalize = true};
    maske_model *model = NULL;
    maske_model_info info = {0};
    float *vectors = NULL;
    maske_status status = maske_model_open(&model, arguments[1], NULL);
    if (status == MASKE_OK) {
        maske_model_describe(model, &info);
        vectors = malloc(2 * (size_t)info.hidden_size * sizeof *vectors);
        if (vectors == NULL) return fprintf(stderr, "out of memory\n"), 1;
        status = maske_embed(model, texts, lengths, 2, &options, vectors, NULL);
    }
    double cosine = 0;
    for (int64_t i = 0; status == MASKE_OK && i < info.hidden_size; i++)
        cosine += (double)vectors[i] * (double)vectors[info.hidden_size + i];
    if (status == MASKE_OK) printf("%.4f\n", cosine);
    else fprintf(stderr, "%s\n", maske_error());
    free(vectors);
    maske_model_close(model);
    return status != MASKE_OK;
}
