/* examples/score.c: which of two sentences the model finds likelier: score FOLDER TEXT TEXT */
#include <maske.h>

#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count != 4) return fprintf(stderr, "usage: score FOLDER TEXT TEXT\n"), 2;
    const char *const texts[2] = {arguments[2], arguments[3]};
    const size_t lengths[2] = {strlen(texts[0]), strlen(texts[1])};
    const maske_score_options options = {.within_word = true};
    maske_score_result scores[2];
    maske_model *model = NULL;
    maske_status status = maske_model_open(&model, arguments[1], NULL);
    if (status == MASKE_OK) status = maske_score(model, texts, lengths, 2, &options, scores);
    for (int i = 0; status == MASKE_OK && i < 2; i++)
        printf("%.4f over %lld tokens: %s\n", scores[i].log_likelihood, (long long)scores[i].tokens, texts[i]);
    if (status == MASKE_OK) printf("likelier: %d\n", scores[0].log_likelihood >= scores[1].log_likelihood ? 1 : 2);
    else fprintf(stderr, "%s\n", maske_error());
    maske_model_close(model);
    return status != MASKE_OK;
}
