/* corpus/files.c: the walk over files and folders. */
#include "corpus/files.h"
#include "base/file.h"
#include "corpus/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One folder on the way down; the chain of them is how a loop is seen. */
typedef struct step {
    const struct step *above;
    const char *path;
    dev_t device;
    ino_t inode;
    int depth;
    corpus_files *files;
} step;

bool files_are_json_lines(const char *path, const char *field) {
    static const char *const names[] = {".jsonl", ".jsonl.gz", ".jsonl.bz2", ".jsonl.xz", ".jsonl.zst",
                                        ".ndjson", ".ndjson.gz", ".ndjson.bz2", ".ndjson.xz", ".ndjson.zst"};
    if (strcmp(path, "-") == 0) return field != NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (name_ends_with(path, names[i])) return true;
    return false;
}

maske_status files_field_unused(const char *field) {
    return error_set(MASKE_BAD_ARGUMENT,
                     "field is \"%.100s\", but no text is JSON lines, expected a file named .jsonl or .ndjson, or \"-\"",
                     field);
}

static maske_status absolute_path(char **out, const char *path) {
    if (path[0] == '/' || strcmp(path, "-") == 0) return memory_copy_text(out, path, strlen(path));
    char *here = getcwd(NULL, 0);
    if (here == NULL) return error_io(path, "find the folder of");
    /* Not realpath: a link's target may have another name, and the name tells what is in the file. */
    maske_status status = path_join(out, here, path);
    free(here);
    return status;
}

static maske_status add_file(corpus_files *files, const char *path) {
    TRY(memory_reserve(&files->file, &files->capacity, files->count + 1, sizeof *files->file,
                       "the list of text files"));
    corpus_file *file = &files->file[files->count];
    TRY(absolute_path(&file->path, path));
    file->json_lines = files_are_json_lines(path, files->field);
    files->json_lines |= file->json_lines;
    files->count++;
    return MASKE_OK;
}

/* Opens the file, so that one that cannot be read or is no text fails before any work. */
static maske_status check_file(const char *path, bool *empty) {
    source *s;
    TRY(source_open(&s, path, NULL));
    *empty = source_is_empty(s);
    source_close(s);
    return MASKE_OK;
}

static maske_status visit(void *user, const char *name);

static maske_status walk_folder(corpus_files *files, const char *path, const struct stat *info, const step *above) {
    step here = {above, path, info->st_dev, info->st_ino, above ? above->depth + 1 : 1, files};
    if (here.depth > FILES_DEPTH)
        return error_set(MASKE_BAD_FILE, "%s: more than %d folders inside one another", path, FILES_DEPTH);
    for (const step *s = above; s != NULL; s = s->above)
        if (s->device == here.device && s->inode == here.inode)
            return error_set(MASKE_BAD_FILE, "%s: the link leads back to %s, so this folder would have no end", path,
                             s->path);
    return folder_list(path, visit, &here);
}

static maske_status add_path(corpus_files *files, const char *path, const step *above) {
    struct stat info;
    if (stat(path, &info) != 0) return error_io(path, "open");
    if (S_ISDIR(info.st_mode)) return walk_folder(files, path, &info, above);
    bool empty = false;
    TRY(check_file(path, &empty));
    if (empty && above != NULL) return MASKE_OK;
    if (empty) return error_set(MASKE_BAD_FILE, "%s: the file is empty, expected text", path);
    files->bytes += info.st_size;
    return add_file(files, path);
}

static maske_status visit(void *user, const char *name) {
    const step *folder = user;
    if (name[0] == '.' || name_is_part(name)) return MASKE_OK;
    char *path;
    TRY(path_join(&path, folder->path, name));
    maske_status status = add_path(folder->files, path, folder);
    free(path);
    return status;
}

static maske_status add_given(corpus_files *files, const char *path) {
    if (path == NULL || path[0] == '\0')
        return error_set(MASKE_BAD_ARGUMENT, "found an empty path, expected the name of a text file or folder");
    if (strcmp(path, "-") == 0) {
        if (files->standard_input)
            return error_set(MASKE_BAD_ARGUMENT, "standard input is given twice, but can be read once");
        files->standard_input = true;
        return add_file(files, path);
    }
    size_t before = files->count;
    TRY(add_path(files, path, NULL));
    if (files->count == before)
        return error_set(MASKE_BAD_FILE, "%s: the folder holds no text file that is not empty", path);
    return MASKE_OK;
}

maske_status corpus_files_find(corpus_files *out, const maske_text *text) {
    if (text->count == 0) return error_set(MASKE_BAD_ARGUMENT, "no text is given, expected files, folders or \"-\"");
    corpus_files files = {.field = text->field};
    maske_status status = MASKE_OK;
    for (size_t i = 0; status == MASKE_OK && i < text->count; i++) status = add_given(&files, text->paths[i]);
    if (status == MASKE_OK && text->field != NULL && !files.json_lines) status = files_field_unused(text->field);
    if (files.standard_input) files.bytes = 0;
    if (status == MASKE_OK) *out = files;
    else corpus_files_free(&files);
    return status;
}

void corpus_files_free(corpus_files *files) {
    for (size_t i = 0; i < files->count; i++) free(files->file[i].path);
    free(files->file);
    *files = (corpus_files){0};
}
