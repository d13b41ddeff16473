/* cli/bench_text.c: the same words in the same order wherever it runs. */
#include "cli/bench_text.h"
#include "base/file.h"
#include "base/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS = 60000, WORD_BYTES = 32 };

/* One to five syllables, fewer for the frequent words; the text is a function of the rank alone. */
static size_t make_word(char out[WORD_BYTES], size_t rank) {
    static const char *const syllables[] = {"ka", "le", "ri", "mo", "tu",  "san", "der",  "ver", "lik", "in",
                                            "ça", "gö", "né", "ta", "es",  "pro", "ment", "al",  "ба",  "но",
                                            "ти", "ро", "λο", "κα", "st",  "ung", "ar",   "da",  "bil", "ge",
                                            "şi", "ür", "o",  "ed", "ion", "me",  "qu",   "ex",  "th",  "er"};
    random_stream draw = random_stream_start(1, RANDOM_SAMPLE, rank, 0);
    uint32_t most = rank < 100 ? 2 : rank < 5000 ? 4 : 5, count = 1 + random_below(most, random_stream_next(&draw));
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *syllable = syllables[random_below(sizeof syllables / sizeof *syllables, random_stream_next(&draw))];
        length += (size_t)snprintf(out + length, WORD_BYTES - length, "%s", syllable);
    }
    if (rank % 9 == 0 && out[0] >= 'a' && out[0] <= 'z') out[0] = (char)(out[0] - 32);
    return length;
}

/* 0 .. WORDS - 1, n in proportion to 1 / (n + 1): the logarithm is uniform. */
static size_t draw_rank(random_stream *draw) {
    double rank = exp(random_unit(random_stream_next(draw), 0) * log(WORDS));
    return rank < WORDS ? (size_t)rank - 1 : WORDS - 1;
}

static maske_status add_line(buffer *text, random_stream *draw) {
    char word[WORD_BYTES];
    uint32_t words = 4 + random_below(40, random_stream_next(draw));
    for (uint32_t i = 0; i < words; i++) {
        uint32_t chance = random_below(100, random_stream_next(draw));
        size_t length = chance == 0
                            ? (size_t)snprintf(word, sizeof word, "%u", random_below(3000, random_stream_next(draw)))
                            : make_word(word, draw_rank(draw));
        TRY(buffer_add(text, word, length));
        TRY(buffer_add_text(text, i + 1 == words ? ".\n" : chance < 8 ? ", " : " "));
    }
    return MASKE_OK;
}

static maske_status make_text(buffer *text, size_t bytes) {
    random_stream draw = random_stream_start(1, RANDOM_SAMPLE, WORDS, 0);
    while (text->length < bytes) TRY(add_line(text, &draw));
    return MASKE_OK;
}

/* An open file without a name. */
static maske_status open_nameless(int *descriptor) {
    char path[4096];
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0') folder = "/tmp";
    if (snprintf(path, sizeof path, "%s/maske-bench-XXXXXX", folder) >= (int)sizeof path)
        return error_set(MASKE_BAD_ARGUMENT, "TMPDIR is longer than 4000 bytes");
    *descriptor = mkstemp(path);
    if (*descriptor < 0) return error_io(path, "create");
    unlink(path);
    return MASKE_OK;
}

static maske_status check_files(const char *const *paths, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct stat info;
        if (stat(paths[i], &info) != 0) return error_io(paths[i], "open");
        if (!S_ISREG(info.st_mode))
            return error_set(MASKE_BAD_ARGUMENT, "%s: expected a file, which is read several times", paths[i]);
    }
    return MASKE_OK;
}

maske_status bench_text_open(bench_text *out, const char *const *paths, size_t count, size_t bytes) {
    *out = (bench_text){.paths = paths, .count = count, .descriptor = -1};
    if (count > 0) return check_files(paths, count);
    buffer text = {0};
    maske_status status = make_text(&text, bytes);
    if (status == MASKE_OK) status = open_nameless(&out->descriptor);
    if (status == MASKE_OK)
        status = file_write_all(out->descriptor, "the temporary file of made-up text (TMPDIR)", text.data, text.length);
    buffer_free(&text);
    snprintf(out->name, sizeof out->name, "/dev/fd/%d", out->descriptor);
    out->made_up[0] = out->name;
    out->paths = out->made_up;
    out->count = 1;
    if (status != MASKE_OK) bench_text_close(out);
    return status;
}

void bench_text_close(bench_text *text) {
    if (text->descriptor >= 0) close(text->descriptor);
    text->descriptor = -1;
}
