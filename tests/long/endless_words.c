/* tests/long/endless_words.c: a text of any length that never runs out of new words, for the tests of bounded memory.
 *
 *     endless_words TEXT BYTES SHARE > stream
 *
 * Copies the words of a real text to standard output, over and over; SHARE of them in a thousand are new: a word with
 * some letters behind it that were never there before. Lines are those of the text. The same arguments give the same
 * stream. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT = 1 << 20, LONGEST = 1 << 16 };

static char *read_text(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*length + 1);
    if (text == NULL || fread(text, 1, *length, file) != *length) exit(1);
    fclose(file);
    return text;
}

/* Six letters, different for every number below 20^6 = 64 million, then eight. */
static size_t put_new(char *out, uint64_t number) {
    static const char letters[] = "aeioukmlnrtsdybzcgpv";
    size_t length = 0;
    for (uint64_t left = number * 2654435761u % 64000000u; length < 6; left /= 20) out[length++] = letters[left % 20];
    for (uint64_t left = number / 64000000u; left > 0; left /= 20) out[length++] = letters[left % 20];
    return length;
}

int main(int count, char **arguments) {
    size_t length = 0, used = 0;
    char *text = count == 4 ? read_text(arguments[1], &length) : NULL, *out = malloc(OUT + LONGEST + 64);
    int status = 0;
    if (text == NULL || out == NULL || length == 0) {
        fprintf(stderr, "usage: endless_words TEXT BYTES SHARE\n");
        free(text);
        free(out);
        return 2;
    }
    uint64_t left = strtoull(arguments[2], NULL, 10), share = strtoull(arguments[3], NULL, 10), random = 1, made = 0;
    for (size_t at = 0; left > 0 && status == 0; at = at < length ? at : 0) {
        size_t end = at;
        while (end < length && text[end] != ' ' && text[end] != '\n' && end - at < LONGEST) end++;
        memcpy(out + used, text + at, end - at);
        used += end - at;
        random = random * 6364136223846793005u + 1442695040888963407u;
        if (end > at && (random >> 33) % 1000 < share) used += put_new(out + used, made++);
        out[used++] = end < length ? text[end] : '\n';
        at = end + 1;
        if (used < OUT && used < left) continue;
        status = fwrite(out, 1, used, stdout) != used;
        left -= used < left ? used : left;
        used = 0;
    }
    if (fflush(stdout) != 0) status = 1;
    free(text);
    free(out);
    return status;
}
