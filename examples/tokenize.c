/* examples/tokenize.c: the tokens of a text and where they stand: tokenize FOLDER TEXT */
#include <maske.h>

#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: tokenize FOLDER TEXT\n"), 2;
    const char *text = arguments[2];
    maske_tokenizer *tokenizer = NULL;
    maske_encoding encoding = {0};
    maske_status status = maske_tokenizer_open(&tokenizer, arguments[1]);
    if (status == MASKE_OK) status = maske_tokenizer_encode(tokenizer, text, strlen(text), NULL, 0, NULL, &encoding);
    for (size_t i = 0; status == MASKE_OK && i < encoding.count; i++)
        printf("%d\t%s\t%u-%u\n", (int)encoding.ids[i], maske_tokenizer_token(tokenizer, encoding.ids[i]),
               (unsigned)encoding.char_begin[i], (unsigned)encoding.char_end[i]);
    if (status != MASKE_OK) fprintf(stderr, "%s\n", maske_error());
    maske_encoding_free(&encoding);
    maske_tokenizer_free(tokenizer);
    return status != MASKE_OK;
}
