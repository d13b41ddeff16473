/* train/metrics.c: lines written at a known place, so that a half-written one is written over. */
#include "train/metrics.h"
#include "base/json.h"
#include "base/log.h"

#include <math.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

maske_status metrics_open(metrics *out, const char *folder, uint64_t keep) {
    metrics m = {.descriptor = -1};
    TRY(path_join(&m.path, folder, "metrics.jsonl"));
    maske_status status = MASKE_OK;
    m.descriptor = open(m.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    struct stat info = {0};
    if (m.descriptor < 0 || fstat(m.descriptor, &info) != 0) status = error_io(m.path, "open");
    else if (!S_ISREG(info.st_mode)) status = error_set(MASKE_IO, "%s: not a regular file", m.path);
    if (status == MASKE_OK && (uint64_t)info.st_size < keep) {
        log_say(MASKE_LOG_WARNING, "%s: %lld bytes, expected %llu: lines of this run were lost", m.path,
                (long long)info.st_size, (unsigned long long)keep);
        keep = (uint64_t)info.st_size;
    }
    if (status == MASKE_OK && ftruncate(m.descriptor, (off_t)keep) != 0) status = error_io(m.path, "cut");
    m.length = keep;
    if (status != MASKE_OK) metrics_close(&m);
    else *out = m;
    return status;
}

void metrics_close(metrics *m) {
    if (m->descriptor >= 0) close(m->descriptor);
    buffer_free(&m->waiting);
    free(m->path);
    *m = (metrics){.descriptor = -1};
}

static maske_status write_waiting(metrics *m) {
    size_t done = 0;
    while (done < m->waiting.length) {
        ssize_t n = pwrite(m->descriptor, m->waiting.data + done, m->waiting.length - done, (off_t)(m->length + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return error_io(m->path, "write");
        done += (size_t)n;
    }
    m->length += done;
    buffer_clear(&m->waiting);
    return MASKE_OK;
}

/* Only running out of memory is a failure here: lines that wait for the disk are no reason to stop training. */
static maske_status end_line(metrics *m, json_writer *w) {
    TRY(json_writer_end(w));
    TRY(buffer_add(&m->waiting, "\n", 1));
    if (write_waiting(m) != MASKE_OK && !m->warned) {
        m->warned = true;
        log_say(MASKE_LOG_WARNING, "%s; it is tried again with the next line", maske_error());
    }
    return MASKE_OK;
}

static void add_number(json_writer *w, const char *key, double value) {
    json_key(w, key);
    json_double(w, value);
}

static void add_integer(json_writer *w, const char *key, int64_t value) {
    json_key(w, key);
    json_int(w, value);
}

maske_status metrics_add_step(metrics *m, const maske_train_step *step) {
    json_writer w = json_writer_start(&m->waiting, false);
    json_begin_object(&w);
    add_integer(&w, "step", step->step);
    add_integer(&w, "epoch", step->epoch);
    add_number(&w, "loss", step->loss);
    add_number(&w, "average_loss", step->average_loss);
    add_number(&w, "accuracy", step->accuracy);
    add_number(&w, "average_accuracy", step->average_accuracy);
    add_number(&w, "learning_rate", step->learning_rate);
    add_integer(&w, "tokens", step->tokens);
    add_number(&w, "tokens_per_second", step->tokens_per_second);
    add_number(&w, "seconds", step->seconds);
    if (isfinite(step->gradient_norm)) add_number(&w, "gradient_norm", step->gradient_norm);
    add_integer(&w, "skipped", step->skipped);
    json_end_object(&w);
    return end_line(m, &w);
}

static void add_examples(json_writer *w, const examples *filled) {
    json_key(w, "examples");
    json_begin_array(w);
    for (size_t i = 0; i < filled->count; i++) {
        json_begin_object(w);
        json_key(w, "text");
        json_text(w, filled->items[i].text);
        json_key(w, "filled");
        json_text(w, filled->items[i].filled);
        json_key(w, "expected");
        json_text(w, filled->items[i].expected);
        json_end_object(w);
    }
    json_end_array(w);
}

maske_status metrics_add_evaluation(metrics *m, const maske_train_evaluation *evaluation, const examples *filled) {
    json_writer w = json_writer_start(&m->waiting, false);
    json_begin_object(&w);
    add_integer(&w, "step", evaluation->step);
    add_number(&w, "valid_loss", evaluation->valid_loss);
    add_number(&w, "valid_accuracy", evaluation->valid_accuracy);
    add_number(&w, "unigram_loss", evaluation->unigram_loss);
    add_number(&w, "unigram_accuracy", evaluation->unigram_accuracy);
    if (evaluation->averaged) {
        add_number(&w, "average_valid_loss", evaluation->average_valid_loss);
        add_number(&w, "average_valid_accuracy", evaluation->average_valid_accuracy);
    }
    if (evaluation->old) {
        add_number(&w, "valid_old_loss", evaluation->valid_old_loss);
        add_number(&w, "valid_old_accuracy", evaluation->valid_old_accuracy);
    }
    if (evaluation->old && evaluation->averaged) {
        add_number(&w, "average_valid_old_loss", evaluation->average_valid_old_loss);
        add_number(&w, "average_valid_old_accuracy", evaluation->average_valid_old_accuracy);
    }
    add_examples(&w, filled);
    json_end_object(&w);
    return end_line(m, &w);
}

maske_status metrics_write(metrics *m) { return write_waiting(m); }

maske_status metrics_sync(const metrics *m) {
    return fsync(m->descriptor) == 0 ? MASKE_OK : error_io(m->path, "sync");
}
