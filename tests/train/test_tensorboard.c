/* tests of train/tensorboard: records as TensorFlow's reader takes them (tests/reference/check_tensorboard.sh has
 * TensorBoard itself), one file a start. */
#include "train/tensorboard.h"

#include "training.h"

/* Examples of RFC 3720, B.4. */
static void checksums_are_the_standards(void **state) {
    (void)state;
    unsigned char bytes[32] = {0};
    assert_int_equal(crc32c(bytes, 32), 0x8A9136AA);
    memset(bytes, 0xFF, sizeof bytes);
    assert_int_equal(crc32c(bytes, 32), 0x62A8AB43);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
    assert_int_equal(crc32c(bytes, 32), 0x46DD794E);
    assert_int_equal(crc32c("", 0), 0);
}

static uint64_t number(const char *bytes, int size) {
    uint64_t value = 0;
    for (int i = size; i-- > 0;) value = value << 8 | (unsigned char)bytes[i];
    return value;
}
static uint32_t masked(const char *bytes, size_t length) {
    uint32_t crc = crc32c(bytes, length);
    return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

static char first_file[256];
static maske_status note_name(void *user, const char *name) {
    if (*(int *)user == 0) snprintf(first_file, sizeof first_file, "%s", name);
    ++*(int *)user;
    return MASKE_OK;
}

static void records_are_whole(void **state) {
    (void)state;
    const char *folder = scratch_path("run");
    char inner[600];
    assert_ok(folder_make(folder));
    snprintf(inner, sizeof inner, "%s/tensorboard", folder);
    for (int start = 0; start < 2; start++) {
        tensorboard t = {.descriptor = -1};
        assert_ok(tensorboard_open(&t, folder, 1 + start));
        assert_ok(tensorboard_add_step(&t, &(maske_train_step){.step = 1 + start, .loss = 2.5, .logged = true}));
        assert_ok(tensorboard_add_evaluation(&t, &(maske_train_evaluation){.step = 1 + start, .valid_loss = 3}));
        tensorboard_close(&t);
    }
    int files = 0;
    assert_ok(folder_list(inner, note_name, &files));
    assert_int_equal(files, 2);
    size_t length, at = 0, records = 0;
    char *bytes = read_whole(inner, first_file, &length);
    for (; at < length; records++) {
        assert_true(length - at > 16);
        uint64_t size = number(bytes + at, 8);
        assert_int_equal(number(bytes + at + 8, 4), masked(bytes + at, 8));
        assert_true(size <= length - at - 16);
        assert_int_equal(number(bytes + at + 12 + size, 4), masked(bytes + at + 12, size));
        if (records == 0) assert_non_null(memmem(bytes + at + 12, size, "brain.Event:2", 13));
        at += 16 + size;
    }
    assert_int_equal(at, length);
    assert_int_equal(records, 4);
    assert_non_null(memmem(bytes, length, "training/loss", 13));
    assert_non_null(memmem(bytes, length, "held_out/loss", 13));
    free(bytes);
}

/* A disk that is full is said once, and the run goes on. */
static void a_full_disk_costs_events_only(void **state) {
    (void)state;
    tensorboard t = {.descriptor = -1};
    assert_ok(tensorboard_open(&t, scratch(), 1));
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL) skip();
    assert_true(dup2(fileno(full), t.descriptor) >= 0);
    fclose(full);
    listen();
    assert_ok(tensorboard_add_step(&t, &(maske_train_step){.step = 1}));
    assert_ok(tensorboard_add_step(&t, &(maske_train_step){.step = 2}));
    const char *once = strstr(said, "no more events");
    assert_non_null(once);
    assert_null(strstr(once + 1, "no more events"));
    tensorboard_close(&t);
}

static void off_writes_nothing(void **state) {
    (void)state;
    tensorboard t = {.descriptor = -1};
    assert_ok(tensorboard_add_step(&t, &(maske_train_step){.step = 1}));
    assert_ok(tensorboard_add_evaluation(&t, &(maske_train_evaluation){.step = 1}));
    tensorboard_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_are_the_standards),
        cmocka_unit_test(records_are_whole),
        cmocka_unit_test(a_full_disk_costs_events_only),
        cmocka_unit_test(off_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
