/* train/tensorboard.c */
#include "train/tensorboard.h"
#include "base/file.h"
#include "base/log.h"
#include "base/protobuf.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Fields of the messages Event, Summary, Summary.Value and SessionLog. */
enum { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION_LOG = 7 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE_VALUE = 2, SESSION_STATUS = 1, SESSION_START = 1 };

/* ------------------------------------------------------------------------------------------------------ records --- */

uint32_t crc32c(const void *bytes, size_t length) {
    const unsigned char *p = bytes;
    uint32_t crc = ~0u;
    while (length-- > 0) {
        crc ^= *p++;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82F63B78u & (0u - (crc & 1)));
    }
    return ~crc;
}

static maske_status add_number(buffer *out, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) TRY(buffer_add(out, &(unsigned char){(unsigned char)(value >> 8 * i)}, 1));
    return MASKE_OK;
}

/* Turned and offset, so that a checksum of bytes that hold checksums is not a special one. */
static maske_status add_checksum(buffer *out, const void *bytes, size_t length) {
    uint32_t crc = crc32c(bytes, length);
    return add_number(out, (uint32_t)((crc >> 15 | crc << 17) + 0xA282EAD8u), 4);
}

static void give_up(tensorboard *t) {
    log_say(MASKE_LOG_WARNING, "%s; no more events are written for TensorBoard", maske_error());
    t->failed = true;
}

static maske_status write_record(tensorboard *t) {
    buffer *record = &t->record;
    buffer_clear(record);
    TRY(add_number(record, t->event.length, 8));
    TRY(add_checksum(record, record->data, 8));
    TRY(buffer_add(record, t->event.data, t->event.length));
    TRY(add_checksum(record, t->event.data, t->event.length));
    if (!t->failed && file_write_all(t->descriptor, t->path, record->data, record->length) != MASKE_OK) give_up(t);
    return MASKE_OK;
}

/* ------------------------------------------------------------------------------------------------------- events --- */

static maske_status begin_event(tensorboard *t, int64_t step) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    uint64_t bits;
    memcpy(&bits, &seconds, sizeof bits);
    buffer_clear(&t->event);
    buffer_clear(&t->summary);
    /* A field of eight bytes. */
    TRY(add_number(&t->event, EVENT_WALL_TIME << 3 | 1, 1));
    TRY(add_number(&t->event, bits, 8));
    return protobuf_add_integer(&t->event, EVENT_STEP, step);
}

static maske_status add_value(tensorboard *t, const char *tag, double value) {
    buffer_clear(&t->value);
    TRY(protobuf_add_text(&t->value, VALUE_TAG, tag));
    TRY(protobuf_add_float(&t->value, VALUE_SIMPLE_VALUE, (float)value));
    return protobuf_add_bytes(&t->summary, SUMMARY_VALUE, t->value.data, t->value.length);
}

static maske_status end_event(tensorboard *t) {
    TRY(protobuf_add_bytes(&t->event, EVENT_SUMMARY, t->summary.data, t->summary.length));
    return write_record(t);
}

maske_status tensorboard_add_step(tensorboard *t, const maske_train_step *step) {
    if (t->descriptor < 0 || t->failed) return MASKE_OK;
    TRY(begin_event(t, step->step));
    TRY(add_value(t, "training/loss", step->loss));
    TRY(add_value(t, "training/average_loss", step->average_loss));
    TRY(add_value(t, "training/accuracy", step->accuracy));
    TRY(add_value(t, "training/learning_rate", step->learning_rate));
    TRY(add_value(t, "training/tokens_per_second", step->tokens_per_second));
    if (isfinite(step->gradient_norm)) TRY(add_value(t, "training/gradient_norm", step->gradient_norm));
    TRY(add_value(t, "training/skipped", (double)step->skipped));
    return end_event(t);
}

maske_status tensorboard_add_evaluation(tensorboard *t, const maske_train_evaluation *evaluation) {
    if (t->descriptor < 0 || t->failed) return MASKE_OK;
    TRY(begin_event(t, evaluation->step));
    TRY(add_value(t, "held_out/loss", evaluation->valid_loss));
    TRY(add_value(t, "held_out/accuracy", evaluation->valid_accuracy));
    if (evaluation->averaged) {
        TRY(add_value(t, "held_out/average_loss", evaluation->average_valid_loss));
        TRY(add_value(t, "held_out/average_accuracy", evaluation->average_valid_accuracy));
    }
    if (evaluation->old) {
        TRY(add_value(t, "held_out/old_loss", evaluation->valid_old_loss));
        TRY(add_value(t, "held_out/old_accuracy", evaluation->valid_old_accuracy));
    }
    if (evaluation->old && evaluation->averaged) {
        TRY(add_value(t, "held_out/average_old_loss", evaluation->average_valid_old_loss));
        TRY(add_value(t, "held_out/average_old_accuracy", evaluation->average_valid_old_accuracy));
    }
    return end_event(t);
}

/* --------------------------------------------------------------------------------------------------------- file --- */

static maske_status make_file(tensorboard *t, const char *folder) {
    /* Files are read in the order of their names: seconds first, then a number that is free. */
    for (int number = 0; number < 1000; number++) {
        char name[96];
        snprintf(name, sizeof name, "events.out.tfevents.%010lld.%03d.maske", (long long)time(NULL), number);
        free(t->path);
        t->path = NULL;
        TRY(path_join(&t->path, folder, name));
        t->descriptor = open(t->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (t->descriptor >= 0 || errno != EEXIST) break;
    }
    return t->descriptor >= 0 ? MASKE_OK : error_io(t->path, "create");
}

static maske_status begin_file(tensorboard *t, int64_t first_step) {
    TRY(begin_event(t, 0));
    TRY(protobuf_add_text(&t->event, EVENT_FILE_VERSION, "brain.Event:2"));
    TRY(write_record(t));
    TRY(begin_event(t, first_step));
    TRY(protobuf_add_integer(&t->summary, SESSION_STATUS, SESSION_START));
    TRY(protobuf_add_bytes(&t->event, EVENT_SESSION_LOG, t->summary.data, t->summary.length));
    return write_record(t);
}

maske_status tensorboard_open(tensorboard *out, const char *folder, int64_t first_step) {
    tensorboard t = {.descriptor = -1};
    char *path = NULL;
    TRY(path_join(&path, folder, "tensorboard"));
    maske_status status = folder_make(path);
    if (status == MASKE_OK) status = make_file(&t, path);
    if (status == MASKE_OK) status = begin_file(&t, first_step);
    free(path);
    if (status != MASKE_OK) tensorboard_close(&t);
    else *out = t;
    return status;
}

void tensorboard_close(tensorboard *t) {
    if (t->descriptor >= 0) close(t->descriptor);
    buffer_free(&t->record);
    buffer_free(&t->event);
    buffer_free(&t->summary);
    buffer_free(&t->value);
    free(t->path);
    *t = (tensorboard){.descriptor = -1};
}
