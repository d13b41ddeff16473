/* cli/tokenizer_report.c: the figures of learning a tokenizer. */
#include "cli/tokenizer_report.h"
#include "cli/output.h"

maske_status tokenizer_report_print(const invocation *call, const char *folder,
                                    const maske_tokenizer_train_report *report) {
    char lines[32], bytes[32], words[32], unique[32], time[32];
    print_count(lines, (double)report->lines);
    print_memory(bytes, (double)report->bytes);
    print_count(words, (double)report->words);
    print_count(unique, (double)report->unique_words);
    print_duration(time, report->seconds);
    if (report->replaced_bytes > 0)
        say("warning: %lld bytes of the text were not UTF-8 and became U+FFFD", (long long)report->replaced_bytes);
    if (!call->quiet)
        say("%s: %lld entries, %lld merges, learned from %s lines (%s, %s words, %s of them different) in %s", folder,
            (long long)report->vocab_size, (long long)report->merges, lines, bytes, words, unique, time);
    if (!call->json) return MASKE_OK;
    json_writer *w = out_json_start();
    json_begin_object(w);
    json_key(w, "vocab_size"), json_int(w, report->vocab_size);
    json_key(w, "merges"), json_int(w, report->merges);
    json_key(w, "lines"), json_int(w, report->lines);
    json_key(w, "bytes"), json_int(w, report->bytes);
    json_key(w, "words"), json_int(w, report->words);
    json_key(w, "unique_words"), json_int(w, report->unique_words);
    json_key(w, "pruned_words"), json_int(w, report->pruned_words);
    json_key(w, "pruned_occurrences"), json_int(w, report->pruned_occurrences);
    json_key(w, "spilled_bytes"), json_int(w, report->spilled_bytes);
    json_key(w, "replaced_bytes"), json_int(w, report->replaced_bytes);
    json_key(w, "seconds"), json_double(w, report->seconds);
    json_end_object(w);
    return out_json_end();
}
