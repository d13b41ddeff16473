/* tokenizer/decoder_steps.c: what each type of decoder does to the strings. */
#include "tokenizer/decoder_types.h"
#include "tokenizer/byte_level.h"

static bool starts_with(string s, const char *prefix, size_t length) {
    return s.length >= length && memcmp(s.text, prefix, length) == 0;
}

/* Adds text with every `from` replaced by `to`, as Rust's str::replace: an empty `from` is found at both ends and
 * between any two characters. */
static maske_status add_replaced(buffer *out, string s, const char *from, const char *to) {
    size_t length = strlen(from), plain = 0;
    if (length == 0) {
        TRY(buffer_add_text(out, to));
        for (size_t i = 0, size; i < s.length; i += size) {
            size = utf8_size(s.text[i]);
            TRY(buffer_add(out, s.text + i, size));
            TRY(buffer_add_text(out, to));
        }
        return MASKE_OK;
    }
    for (size_t i = 0; i < s.length;) {
        const char *found = memmem(s.text + i, s.length - i, from, length);
        if (found == NULL) break;
        TRY(buffer_add(out, s.text + plain, (size_t)(found - s.text) - plain));
        TRY(buffer_add_text(out, to));
        plain = i = (size_t)(found - s.text) + length;
    }
    return buffer_add(out, s.text + plain, s.length - plain);
}

/* All bytes of all tokens first, then UTF-8: a character's bytes may lie in two tokens. */
static maske_status byte_level_apply(const decoder *d, decoder_strings *s) {
    (void)d;
    buffer bytes = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < s->now.count && status == MASKE_OK; i++) {
        string token = string_at(&s->now, i);
        size_t mark = bytes.length;
        status = buffer_reserve(&bytes, token.length);
        for (size_t at = 0, size; at < token.length && status == MASKE_OK; at += size) {
            int byte = byte_level_byte(utf8_next(token.text + at, &size));
            if (byte < 0) {                 /* not byte-level: the token stands for itself */
                bytes.length = mark;
                status = buffer_add(&bytes, token.text, token.length);
                break;
            }
            bytes.data[bytes.length++] = (char)byte;
        }
    }
    if (status == MASKE_OK) status = utf8_repair(&s->next.text, bytes.data, bytes.length, NULL);
    buffer_free(&bytes);
    return status != MASKE_OK ? status : decoder_end_string(&s->next);
}

static const component_member byte_level_members[] = {BYTE_LEVEL_MEMBERS(decoder, byte_level), {0}};
const decoder_type decoder_byte_level = {
    .base = {.name = "ByteLevel", .members = byte_level_members}, .apply = byte_level_apply
};

/* English punctuation drawn to the word before, in each token by itself: so " ' " never fires across tokens. */
static maske_status add_clean(buffer *out, string s) {
    static const char *const table[][2] = {
        { " .", "." }, { " ?", "?" }, { " !", "!" }, { " ,", "," }, { " ' ", "'" }, { " n't", "n't" }, { " 'm", "'m" },
        { " do not", " don't" }, { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" }
    };
    buffer now = {0}, next = {0};
    maske_status status = buffer_add(&now, s.text, s.length);
    for (size_t i = 0; i < sizeof table / sizeof *table && status == MASKE_OK; i++) {
        buffer_clear(&next);
        status = add_replaced(&next, (string){now.data, now.length}, table[i][0], table[i][1]);
        buffer swap = now;
        now = next;
        next = swap;
    }
    if (status == MASKE_OK) status = buffer_add(out, now.data, now.length);
    buffer_free(&now);
    buffer_free(&next);
    return status;
}

static maske_status wordpiece_apply(const decoder *d, decoder_strings *s) {
    size_t prefix = strlen(d->wordpiece.prefix);
    buffer joined = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < s->now.count && status == MASKE_OK; i++) {
        string token = string_at(&s->now, i);
        bool continues = starts_with(token, d->wordpiece.prefix, prefix);
        buffer_clear(&joined);
        if (i > 0 && !continues) status = buffer_add(&joined, " ", 1);
        size_t skip = i > 0 && continues ? prefix : 0;
        if (status == MASKE_OK) status = buffer_add(&joined, token.text + skip, token.length - skip);
        if (status != MASKE_OK) break;
        string whole = {joined.data, joined.length};
        status = d->wordpiece.cleanup && memchr(whole.text, ' ', whole.length) != NULL
                     ? add_clean(&s->next.text, whole)
                     : buffer_add(&s->next.text, whole.text, whole.length);
        if (status == MASKE_OK) status = decoder_end_string(&s->next);
    }
    buffer_free(&joined);
    return status;
}

static const component_member wordpiece_members[] = {
    MEMBER("prefix", TEXT, decoder, wordpiece.prefix),
    MEMBER("cleanup", BOOLEAN, decoder, wordpiece.cleanup),
    {0}
};
const decoder_type decoder_wordpiece = {
    .base = {.name = "WordPiece", .members = wordpiece_members}, .apply = wordpiece_apply
};

static maske_status bpe_apply(const decoder *d, decoder_strings *s) {
    for (size_t i = 0; i < s->now.count; i++) {
        TRY(add_replaced(&s->next.text, string_at(&s->now, i), d->bpe.suffix, i + 1 == s->now.count ? "" : " "));
        TRY(decoder_end_string(&s->next));
    }
    return MASKE_OK;
}

static const component_member bpe_members[] = {MEMBER("suffix", TEXT, decoder, bpe.suffix), {0}};
const decoder_type decoder_bpe = {.base = {.name = "BPEDecoder", .members = bpe_members}, .apply = bpe_apply};

static maske_status metaspace_apply(const decoder *d, decoder_strings *s) {
    bool first_removed = d->metaspace.scheme != PREPEND_NEVER;
    for (size_t i = 0; i < s->now.count; i++) {
        TRY(add_replaced(&s->next.text, string_at(&s->now, i), d->metaspace.replacement, i == 0 && first_removed ? "" : " "));
        TRY(decoder_end_string(&s->next));
    }
    return MASKE_OK;
}

static maske_status metaspace_read(component *self, const json_t *json, const char *place) {
    return metaspace_check(&((decoder *)self)->metaspace, json, place);
}
static const component_member metaspace_members[] = {METASPACE_MEMBERS(decoder, metaspace), {0}};
const decoder_type decoder_metaspace = {
    .base = {.name = "Metaspace", .members = metaspace_members, .read = metaspace_read}, .apply = metaspace_apply
};

/* Of equal neighbours one stays; the pad token goes; what is empty then goes too. */
static maske_status ctc_apply(const decoder *d, decoder_strings *s) {
    buffer plain = {0}, clean = {0};
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < s->now.count && status == MASKE_OK; i++) {
        string token = string_at(&s->now, i);
        if (i > 0) {
            string before = string_at(&s->now, i - 1);
            if (before.length == token.length && memcmp(before.text, token.text, token.length) == 0) continue;
        }
        size_t mark = s->next.text.length;
        buffer_clear(&plain);
        buffer_clear(&clean);
        status = add_replaced(&plain, token, d->ctc.pad_token, "");
        if (status != MASKE_OK) break;
        if (d->ctc.cleanup) {
            status = add_clean(&clean, (string){plain.data, plain.length});
            if (status == MASKE_OK)
                status = add_replaced(&s->next.text, (string){clean.data, clean.length}, d->ctc.word_delimiter_token, " ");
        } else {
            status = buffer_add(&s->next.text, plain.data, plain.length);
        }
        if (status == MASKE_OK && s->next.text.length > mark) status = decoder_end_string(&s->next);
    }
    buffer_free(&plain);
    buffer_free(&clean);
    return status;
}

static const component_member ctc_members[] = {
    MEMBER("pad_token", TEXT, decoder, ctc.pad_token),
    MEMBER("word_delimiter_token", TEXT, decoder, ctc.word_delimiter_token),
    MEMBER("cleanup", BOOLEAN, decoder, ctc.cleanup),
    {0}
};
const decoder_type decoder_ctc = {.base = {.name = "CTC", .members = ctc_members}, .apply = ctc_apply};

/* A run of byte tokens is text if it is UTF-8 as a whole, else one U+FFFD a byte. */
static maske_status end_run(string_list *out, size_t begin) {
    size_t length = out->text.length - begin;
    if (length == 0) return MASKE_OK;
    if (utf8_valid_prefix(out->text.data + begin, length) == length) return decoder_end_string(out);
    out->text.length = begin;
    for (size_t i = 0; i < length; i++) {
        TRY(buffer_add_text(&out->text, "\xEF\xBF\xBD"));
        TRY(decoder_end_string(out));
    }
    return MASKE_OK;
}

static maske_status byte_fallback_apply(const decoder *d, decoder_strings *s) {
    (void)d;
    size_t run = 0;                         /* where the bytes that wait begin in the text */
    for (size_t i = 0; i < s->now.count; i++) {
        string token = string_at(&s->now, i);
        int byte = byte_fallback_byte(token.text, token.length);
        if (byte >= 0) {
            TRY(buffer_add(&s->next.text, &(char){(char)byte}, 1));
            continue;
        }
        TRY(end_run(&s->next, run));
        TRY(buffer_add(&s->next.text, token.text, token.length));
        TRY(decoder_end_string(&s->next));
        run = s->next.text.length;
    }
    return end_run(&s->next, run);
}

const decoder_type decoder_byte_fallback = {.base = {.name = "ByteFallback"}, .apply = byte_fallback_apply};

static maske_status fuse_apply(const decoder *d, decoder_strings *s) {
    (void)d;
    TRY(buffer_add(&s->next.text, s->now.text.data, s->now.text.length));
    return decoder_end_string(&s->next);
}

const decoder_type decoder_fuse = {.base = {.name = "Fuse"}, .apply = fuse_apply};

static maske_status strip_apply(const decoder *d, decoder_strings *s) {
    size_t size = strlen(d->strip.content);
    for (size_t i = 0; i < s->now.count; i++) {
        string token = string_at(&s->now, i);
        for (int64_t n = 0; n < d->strip.start && starts_with(token, d->strip.content, size); n++)
            token = (string){token.text + size, token.length - size};
        for (int64_t n = 0; n < d->strip.stop && token.length >= size; n++) {
            if (memcmp(token.text + token.length - size, d->strip.content, size) != 0) break;
            token.length -= size;
        }
        TRY(buffer_add(&s->next.text, token.text, token.length));
        TRY(decoder_end_string(&s->next));
    }
    return MASKE_OK;
}

static const component_member strip_members[] = {
    MEMBER("content", CHARACTER, decoder, strip.content),
    MEMBER("start", COUNT, decoder, strip.start),
    MEMBER("stop", COUNT, decoder, strip.stop),
    {0}
};
const decoder_type decoder_strip = {.base = {.name = "Strip", .members = strip_members}, .apply = strip_apply};

static maske_status replace_one(const decoder *d, string token, buffer *out, void **scratch) {
    size_t plain = 0, begin = 0, end = 0;
    if (token.length == 0) return MASKE_OK;     /* the library looks for nothing there, not even for the empty match */
    pattern_search search = pattern_search_start(&d->replace.pattern, token.text, token.length, *scratch);
    for (bool found = true; found;) {
        maske_status status = pattern_next(&search, &found, &begin, &end);
        *scratch = search.scratch;
        if (status != MASKE_OK) return status;
        if (!found) break;
        TRY(buffer_add(out, token.text + plain, begin - plain));
        TRY(buffer_add_text(out, d->replace.content));
        plain = end;
    }
    return buffer_add(out, token.text + plain, token.length - plain);
}

static maske_status replace_apply(const decoder *d, decoder_strings *s) {
    void *scratch = NULL;
    maske_status status = MASKE_OK;
    for (size_t i = 0; i < s->now.count && status == MASKE_OK; i++) {
        status = replace_one(d, string_at(&s->now, i), &s->next.text, &scratch);
        if (status == MASKE_OK) status = decoder_end_string(&s->next);
    }
    pattern_scratch_free(scratch);
    return status;
}

static const component_member replace_members[] = {
    MEMBER("pattern", PATTERN, decoder, replace.pattern),
    MEMBER("content", TEXT, decoder, replace.content),
    {0}
};
const decoder_type decoder_replace = {.base = {.name = "Replace", .members = replace_members}, .apply = replace_apply};
