/* base/safetensors.h: tensors in a file, as the safetensors library writes and reads them.
 *
 *   8 bytes   N, the header's length, little-endian
 *   N bytes   JSON: {"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},...,"__metadata__":{"k":"v"}}
 *   the rest  the tensors, row by row, end to end without a hole
 *
 * Reading checks every byte of the header before anything is believed: types, shapes, sizes that multiply out, data
 * that follows the one before and ends where the file ends. Data may lie at any address: it is copied, never cast. */
#ifndef MASKE_BASE_SAFETENSORS_H
#define MASKE_BASE_SAFETENSORS_H

#include "base/file.h"
#include "base/json.h"

enum { SAFETENSORS_RANK = 8, SAFETENSORS_COUNT = 100000 };      /* the most that is read */
#define SAFETENSORS_HEADER ((size_t)16 << 20)

/* One list: type, bits an element. The name is the one in the file. */
#define SAFETENSORS_TYPE_LIST(X)                                                                              \
    X(BOOL, 8) X(U8, 8) X(I8, 8) X(I16, 16) X(U16, 16) X(I32, 32) X(U32, 32) X(I64, 64) X(U64, 64)            \
    X(F16, 16) X(BF16, 16) X(F32, 32) X(F64, 64) X(C64, 64)                                                   \
    X(F8_E4M3, 8) X(F8_E5M2, 8) X(F8_E8M0, 8) X(F6_E2M3, 6) X(F6_E3M2, 6) X(F4, 4)

typedef enum safetensors_type {
#define SAFETENSORS_TYPE_ENUM(name, bits) SAFETENSORS_##name,
    SAFETENSORS_TYPE_LIST(SAFETENSORS_TYPE_ENUM)
#undef SAFETENSORS_TYPE_ENUM
} safetensors_type;
const char *safetensors_type_name(safetensors_type type);

typedef struct safetensors_tensor {
    const char *name;           /* borrowed from the file */
    safetensors_type type;
    size_t rank;                /* 0: a scalar */
    size_t shape[SAFETENSORS_RANK];
    size_t elements, bytes;
    const char *data;           /* borrowed from the file; at any address */
} safetensors_tensor;

/* ---- reading ---- */
typedef struct safetensors {
    safetensors_tensor *tensors;    /* [count], in the order of their data */
    size_t count;
    char *path;                     /* for sentences */
    uint32_t *by_name;              /* [count] places in tensors, in byte order of the names */
    json_t *header;
    file_map map;
    char *bytes;
    char *names;                    /* of tensors that come from elsewhere */
} safetensors;

/* mapped: the data is borrowed from the file on disk, which must then stay as it is (a file that is cut short later
 * ends the process with SIGBUS); else the file is read whole. Yours: safetensors_close. */
MASKE_MUST_USE maske_status safetensors_open(safetensors *out, const char *path, bool mapped);
/* The same from bytes, borrowed until safetensors_close; `name` stands for the file in sentences. */
MASKE_MUST_USE maske_status safetensors_parse(safetensors *out, const char *bytes, size_t length, const char *name);
void safetensors_close(safetensors *file);

/* Of tensors that were put there by hand (base/pytorch.h, bert/weight_files.h): sets by_name. Fails if two have one
 * name. */
MASKE_MUST_USE maske_status safetensors_index(safetensors *file);

/* NULL: no such tensor. */
const safetensors_tensor *safetensors_find(const safetensors *file, const char *name);
/* A text of "__metadata__", NULL if it is not there. Borrowed from the file. */
const char *safetensors_metadata(const safetensors *file, const char *key);
/* Writes "[2, 3]" (cut if it does not fit) and returns out. */
const char *safetensors_shape_text(char *out, size_t size, const size_t *shape, size_t rank);
/* Fails, with both shapes in the sentence, unless the tensor has this shape. */
MASKE_MUST_USE maske_status safetensors_expect_shape(const safetensors *file, const safetensors_tensor *tensor,
                                                     const size_t *shape, size_t rank);
/* out[elements]: from F32, F16, BF16 or F64 (rounded); any other type fails. */
MASKE_MUST_USE maske_status safetensors_copy_floats(float *out, const safetensors *file,
                                                    const safetensors_tensor *tensor);
/* out[elements]: from BOOL or an integer type; a value that is not in minimum..maximum fails, named. */
MASKE_MUST_USE maske_status safetensors_copy_integers(int64_t *out, const safetensors *file,
                                                      const safetensors_tensor *tensor, int64_t minimum,
                                                      int64_t maximum);

/* ---- writing ----
 *
 *     safetensors_writer w = {0};
 *     TRY(safetensors_writer_open(&w, path, true));
 *     declare ..., declare ..., begin; then the data of each, in the order of declaring; commit, or abandon on failure.
 *
 * The file appears whole at its name at commit (file_writer), or not at all. Data of wider types declared before that
 * of narrower ones stays aligned to its size. */
typedef struct safetensors_writer {
    file_writer file;
    safetensors_tensor *tensors;        /* [count] declared */
    size_t count, capacity;
    size_t now, left;                   /* the tensor that is being written, its bytes still missing */
    bool begun;
} safetensors_writer;

/* replace false: MASKE_EXISTS if the path is there already. */
MASKE_MUST_USE maske_status safetensors_writer_open(safetensors_writer *out, const char *path, bool replace);
MASKE_MUST_USE maske_status safetensors_writer_declare(safetensors_writer *w, const char *name, safetensors_type type,
                                                       const size_t *shape, size_t rank);
/* Writes the header; nothing can be declared any more. */
MASKE_MUST_USE maske_status safetensors_writer_begin(safetensors_writer *w);
/* The next bytes of the data, in pieces of any size. */
MASKE_MUST_USE maske_status safetensors_writer_add(safetensors_writer *w, const void *bytes, size_t length);
/* The next elements, converted to the type of the tensor they belong to: F32, F16 or BF16. They must not reach into
 * the next tensor. */
MASKE_MUST_USE maske_status safetensors_writer_add_floats(safetensors_writer *w, const float *values, size_t count);
/* Every byte so far is with the system. */
MASKE_MUST_USE maske_status safetensors_writer_flush(safetensors_writer *w);
/* The path appears. Fails if data is missing. Ends the writer either way. */
MASKE_MUST_USE maske_status safetensors_writer_commit(safetensors_writer *w);
/* Gives up. Harmless on a writer that has ended or was never opened (zeroed). */
void safetensors_writer_abandon(safetensors_writer *w);

#endif
