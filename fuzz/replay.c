/* fuzz/replay.c: a fuzz target without a fuzzer: hands it every file that is named, and every file of a folder that is
 * named; of each also some beginnings, as a file that was cut short would be.
 *
 *     fuzz_jsonl fuzz/seeds/jsonl        fuzz_jsonl the-file-that-crashed */
#include "fuzz.h"

enum { CUTS = 8 };

/* In memory of just that size, so that a sanitizer sees a byte too many. */
static void run(const char *bytes, size_t length) {
    uint8_t *copy = calloc(length > 0 ? length : 1, 1);
    CHECK(copy != NULL);
    if (length > 0) memcpy(copy, bytes, length);
    LLVMFuzzerTestOneInput(copy, length);
    free(copy);
}

static size_t files;
static maske_status replay_file(const char *path) {
    char *bytes;
    size_t length;
    TRY(file_read(&bytes, &length, path, (size_t)1 << 26));
    if (getenv("FUZZ_SHOW") != NULL) fprintf(stderr, "%s\n", path);
    run(bytes, length);
    for (size_t cut = 0; cut < CUTS && cut < length; cut++) run(bytes, length * cut / CUTS);
    free(bytes);
    files++;
    return MASKE_OK;
}

static maske_status replay_entry(void *user, const char *name) {
    char *path;
    TRY(path_join(&path, user, name));
    maske_status status = replay_file(path);
    free(path);
    return status;
}

int main(int argc, char **argv) {
    run("", 0);
    for (int i = 1; i < argc; i++) {
        maske_status status = path_is_folder(argv[i]) ? folder_list(argv[i], replay_entry, argv[i]) : replay_file(argv[i]);
        if (status != MASKE_OK) {
            fprintf(stderr, "%s\n", maske_error());
            return 1;
        }
    }
    printf("%zu files\n", files);
    return files > 0 ? 0 : 1;
}
