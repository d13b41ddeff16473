/* tokenizer/lossless.c: the proof.
 *
 * Tokens are strings whose concatenation is what the model was given, if nothing is unknown to it. So three questions
 * are left: does the way there (normalizer, pre-tokenizer) change text only in ways that are seen in it; does the
 * decoder undo just that; is nothing unknown. Each answer is a loss, or a condition on the text. The components are
 * read as their JSON, like any reader of the file would. */
#include "tokenizer/lossless.h"
#include "base/utf8.h"
#include "tokenizer/byte_level.h"

typedef enum spelling { SPELL_PLAIN, SPELL_BYTES, SPELL_SPACES } spelling;      /* how the model sees text */
typedef enum prefix { PREFIX_NONE, PREFIX_UNLESS_THERE, PREFIX_EVERY_PIECE, PREFIX_ALWAYS } prefix;

typedef struct proof {
    const maske_tokenizer *tokenizer;
    spelling spelling;
    prefix prefix;                  /* the space that is put in front */
    char replacement[8];            /* SPELL_SPACES: what a space becomes */
    bool strips;                    /* the decoder takes one space from the front */
    bool joins_bytes;               /* the decoder has ByteFallback */
    buffer loss;                    /* what loses something; empty: nothing does */
    buffer form;                    /* " in NFC" */
    buffer conditions;              /* " without X" ... */
} proof;

static maske_status lose(proof *p, const char *before, const char *what, const char *after) {
    return buffer_add_format(&p->loss, "%s%s%s%s", p->loss.length > 0 ? "; " : "", before, what, after);
}

static maske_status require(proof *p, const char *what) {
    TRY(buffer_add_text(&p->conditions, p->conditions.length == 0 ? " without " : " or "));
    return buffer_add_text(&p->conditions, what);
}

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* Whether the component is a Replace of one string by another. */
static bool is_replace(const json_t *c, const char *pattern, const char *content) {
    const char *from = json_string_value(json_object_get(json_object_get(c, "pattern"), "String"));
    return strcmp(text_of(c, "type"), "Replace") == 0 && from != NULL && strcmp(from, pattern) == 0 &&
           strcmp(text_of(c, "content"), content) == 0;
}

/* Calls visit for the component, or for each member of a Sequence, whatever its key. */
static maske_status each(proof *p, const json_t *c, const char *key,
                         maske_status (*visit)(proof *p, const json_t *c, bool first)) {
    if (!json_is_object(c)) return MASKE_OK;
    if (strcmp(text_of(c, "type"), "Sequence") != 0) return visit(p, c, true);
    const json_t *list = json_object_get(c, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *member = json_array_get(list, i);
        if (strcmp(text_of(member, "type"), "Sequence") == 0)
            TRY(lose(p, "a Sequence within another is not looked into", "", ""));
        else TRY(visit(p, member, i == 0));
    }
    return MASKE_OK;
}

/* -------------------------------------------------------------------------------------------------- the way there ---
 */

static maske_status visit_normalizer(proof *p, const json_t *c, bool first) {
    const char *type = text_of(c, "type");
    (void)first;
    bool composes = strcmp(type, "NFC") == 0;
    /* The characters that show bytes are all in NFC, but not in the other forms, whatever the text is in. */
    if (composes && p->spelling == SPELL_BYTES) return MASKE_OK;
    if ((composes || strcmp(type, "NFD") == 0 || strcmp(type, "NFKC") == 0 || strcmp(type, "NFKD") == 0) &&
        p->spelling != SPELL_BYTES)
        return buffer_add_format(&p->form, " in %s", type);
    if (strcmp(type, "ByteLevel") == 0 && p->spelling == SPELL_PLAIN) {
        p->spelling = SPELL_BYTES;
        return MASKE_OK;
    }
    if (strcmp(type, "Prepend") == 0 && p->prefix == PREFIX_NONE &&
        strcmp(text_of(c, "prepend"), "\xE2\x96\x81") == 0) {
        p->prefix = PREFIX_ALWAYS;
        return MASKE_OK;
    }
    if (is_replace(c, " ", "\xE2\x96\x81") && p->spelling == SPELL_PLAIN) {
        p->spelling = SPELL_SPACES;
        memcpy(p->replacement, "\xE2\x96\x81", 4);
        return MASKE_OK;
    }
    return lose(p, "the normalizer ", type, " changes text");
}

static maske_status visit_metaspace(proof *p, const json_t *c, bool first) {
    const char *scheme = text_of(c, "prepend_scheme");
    bool never = strcmp(scheme, "never") == 0;
    if (p->spelling != SPELL_PLAIN || (!first && !never)) return lose(p, "Metaspace does not stand first", "", "");
    p->spelling = SPELL_SPACES;
    memcpy(p->replacement, text_of(c, "replacement"), strlen(text_of(c, "replacement")) + 1);
    if (strcmp(scheme, "first") == 0) p->prefix = PREFIX_UNLESS_THERE;
    else if (!never) p->prefix = PREFIX_EVERY_PIECE;
    return MASKE_OK;
}

static maske_status visit_pre_tokenizer(proof *p, const json_t *c, bool first) {
    static const char *const cutting[] = {"Digits", "FixedLength"};
    const char *type = text_of(c, "type");
    if (strcmp(type, "Metaspace") == 0) return visit_metaspace(p, c, first);
    if (strcmp(type, "ByteLevel") == 0) {
        bool prefixed = json_is_true(json_object_get(c, "add_prefix_space"));
        if (p->spelling != SPELL_PLAIN || (!first && prefixed))
            return lose(p, "ByteLevel does not stand first", "", "");
        p->spelling = SPELL_BYTES;
        if (prefixed) p->prefix = PREFIX_EVERY_PIECE;
        return MASKE_OK;
    }
    if (strcmp(type, "Split") == 0 || strcmp(type, "Punctuation") == 0) {
        if (strcmp(text_of(c, "behavior"), "Removed") != 0) return MASKE_OK;
        return lose(p, "the pre-tokenizer ", type, " drops what it matches");
    }
    for (size_t i = 0; i < sizeof cutting / sizeof *cutting; i++)
        if (strcmp(type, cutting[i]) == 0) return MASKE_OK;
    if (strcmp(type, "CharDelimiterSplit") == 0) return lose(p, "the pre-tokenizer ", type, " drops its character");
    if (strcmp(type, "UnicodeScripts") == 0) return lose(p, "the pre-tokenizer ", type, " drops spaces in front");
    /* Where bytes are shown as characters, none of those is white space. */
    if (p->spelling == SPELL_BYTES) return MASKE_OK;
    return lose(p, "the pre-tokenizer ", type, " drops white space");
}

/* ---------------------------------------------------------------------------------------------------- the way back ---
 */

/* Replace? ByteFallback? Fuse Strip? : what training and llama's files have. */
static maske_status read_steps(proof *p, const json_t *list, bool *understood) {
    size_t count = json_array_size(list), at = 0;
    bool spaces = p->spelling == SPELL_SPACES;
    *understood = false;
    if (p->spelling == SPELL_BYTES) {
        *understood = count == 1 && strcmp(text_of(json_array_get(list, 0), "type"), "ByteLevel") == 0;
        return MASKE_OK;
    }
    if (spaces && (at >= count || !is_replace(json_array_get(list, at++), p->replacement, " "))) return MASKE_OK;
    if (at < count && strcmp(text_of(json_array_get(list, at), "type"), "ByteFallback") == 0) {
        p->joins_bytes = true;
        at++;
    }
    if (at >= count || strcmp(text_of(json_array_get(list, at++), "type"), "Fuse") != 0) return MASKE_OK;
    if (at < count) {
        const json_t *strip = json_array_get(list, at++);
        if (strcmp(text_of(strip, "type"), "Strip") != 0 || strcmp(text_of(strip, "content"), " ") != 0 ||
            json_integer_value(json_object_get(strip, "start")) != 1 ||
            json_integer_value(json_object_get(strip, "stop")) != 0) return MASKE_OK;
        p->strips = true;
    }
    *understood = at == count;
    return MASKE_OK;
}

static maske_status check_decoder(proof *p, const json_t *c, const json_t *cutter) {
    bool understood = false;
    const char *type = text_of(c, "type");
    if (!json_is_object(c)) return lose(p, "without a decoder, tokens are joined by spaces", "", "");
    if (strcmp(type, "Metaspace") == 0) {
        /* It takes every replacement from the first token, which must have no other than the one in front. */
        bool split =
            strcmp(text_of(cutter, "type"), "Metaspace") == 0 && !json_is_false(json_object_get(cutter, "split"));
        understood = p->spelling == SPELL_SPACES && split && strcmp(text_of(c, "replacement"), p->replacement) == 0;
        p->strips = strcmp(text_of(c, "prepend_scheme"), "never") != 0;
    } else {
        json_t *list =
            strcmp(type, "Sequence") == 0 ? json_incref(json_object_get(c, "decoders")) : json_pack("[O]", c);
        if (list == NULL) return error_memory(0, "decoder");
        maske_status status = read_steps(p, list, &understood);
        json_decref(list);
        TRY(status);
    }
    return understood ? MASKE_OK : lose(p, "the decoder ", type, " does not undo what the pre-tokenizer does");
}

/* The space in front: put there on the way there, taken on the way back? */
static maske_status check_prefix(proof *p) {
    switch (p->prefix) {
    case PREFIX_NONE: case PREFIX_ALWAYS:
        if (p->prefix == PREFIX_ALWAYS && p->tokenizer->added.count > 0) TRY(require(p, "added tokens in it"));
        if ((p->prefix == PREFIX_ALWAYS) == p->strips) return MASKE_OK;
        if (p->strips) return require(p, "a space in front");
        return lose(p, "a space is put in front of the text, which the decoder leaves there", "", "");
    case PREFIX_EVERY_PIECE:
        if (p->tokenizer->added.count > 0) TRY(require(p, "added tokens in it"));
        break;
    case PREFIX_UNLESS_THERE: break;
    }
    if (p->strips) return require(p, "a space in front");
    return lose(p, "a space is put in front of a text that has none, which the decoder leaves there", "", "");
}

/* -------------------------------------------------------------------------------------------------------- the model
 * --- */

static bool has_all_bytes(const proof *p) {
    const vocab *entries = tokenizer_vocab(p->tokenizer);
    const bpe *model = &p->tokenizer->model.bpe;
    for (int byte = 0; byte < 256; byte++) {
        char text[4];
        size_t length = utf8_put(text, byte_level_character((unsigned char)byte));
        if (p->spelling == SPELL_BYTES ? vocab_find(entries, text, length) < 0 : model->byte_ids[byte] < 0)
            return false;
    }
    return true;
}

static bool is_byte(const bpe *model, int32_t id) {
    size_t length = 0;
    const char *text = vocab_text(&model->vocab, id, &length);
    return text != NULL && byte_fallback_byte(text, length) >= 0;
}

/* Text that spells out <0x41> and becomes that entry would come back as the byte. */
static bool bytes_are_spelled(const bpe *model) {
    for (int32_t id = 0; id < model->vocab.limit && model->options.ignore_merges; id++)
        if (is_byte(model, id)) return true;
    for (size_t i = 0; i < model->merge_count; i++)
        if (is_byte(model, model->merges[i].id)) return true;
    return false;
}

static maske_status check_model(proof *p) {
    const bpe *model = &p->tokenizer->model.bpe;
    if (model->options.continuing_subword_prefix != NULL) return lose(p, "the pieces have a prefix", "", "");
    if (model->options.end_of_word_suffix != NULL) return lose(p, "the pieces have a suffix", "", "");
    if (p->spelling == SPELL_BYTES)
        return has_all_bytes(p) ? MASKE_OK : require(p, "bytes that are not in the vocabulary");
    if (p->spelling == SPELL_SPACES && vocab_find(&model->vocab, p->replacement, strlen(p->replacement)) < 0)
        return lose(p, "the vocabulary has no ", p->replacement, "");
    if (!model->options.byte_fallback || !p->joins_bytes || !has_all_bytes(p))
        TRY(require(p, "characters that are not in the vocabulary"));
    return p->joins_bytes && bytes_are_spelled(model) ? require(p, "<0xHH> written out") : MASKE_OK;
}

/* An added token takes spaces along, or is another string when it is decoded. */
static maske_status check_added_token(proof *p, const added_token *token) {
    char *text = NULL;
    size_t length = 0;
    if (token->lstrip || token->rstrip) {
        TRY(require(p, "white space beside "));
        TRY(buffer_add(&p->conditions, token->content, token->length));
    }
    TRY(maske_tokenizer_decode(p->tokenizer, &token->id, 1, false, &text, &length));
    bool same = length == token->length && memcmp(text, token->content, length) == 0;
    free(text);
    if (same) return MASKE_OK;
    TRY(require(p, "the added token "));
    return buffer_add(&p->conditions, token->content, token->length);
}

/* ---------------------------------------------------------------------------------------------------------- in all ---
 */

static maske_status components_json(const maske_tokenizer *t, json_t **out) {
    buffer text = {0};
    json_writer w = json_writer_start(&text, false);
    json_begin_object(&w);
    json_key(&w, "normalizer");
    normalizer_write(&w, t->normalizer);
    json_key(&w, "pre_tokenizer");
    pre_tokenizer_write(&w, t->pre_tokenizer);
    json_key(&w, "decoder");
    decoder_write(&w, t->decoder);
    json_end_object(&w);
    maske_status status = json_writer_end(&w);
    if (status == MASKE_OK) status = json_parse_object(out, text.data, text.length, "components");
    buffer_free(&text);
    return status;
}

static maske_status prove(proof *p, const json_t *components) {
    const json_t *cutter = json_object_get(components, "pre_tokenizer");
    TRY(each(p, json_object_get(components, "normalizer"), "normalizers", visit_normalizer));
    TRY(each(p, cutter, "pretokenizers", visit_pre_tokenizer));
    if (p->tokenizer->kind != MODEL_BPE) TRY(lose(p, "WordPiece keeps no white space", "", ""));
    if (p->loss.length > 0) return MASKE_OK;            /* nothing for a decoder to undo */
    TRY(check_decoder(p, json_object_get(components, "decoder"), cutter));
    TRY(check_model(p));
    if (p->loss.length > 0) return MASKE_OK;
    if (p->spelling == SPELL_SPACES)
        TRY(require(p, strcmp(p->replacement, "\xE2\x96\x81") == 0 ? "U+2581" : p->replacement));
    TRY(check_prefix(p));
    for (size_t i = 0; i < p->tokenizer->added.count; i++) TRY(check_added_token(p, &p->tokenizer->added.tokens[i]));
    return MASKE_OK;
}

/* As much of the text as fits, whole characters. */
static void copy_reason(char *out, size_t size, const char *text) {
    size_t length = strlen(text);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && utf8_is_continuation(text[length])) length--;
    }
    memcpy(out, text, length);
    out[length] = '\0';
}

maske_status lossless_prove(const maske_tokenizer *tokenizer, bool *lossless, char *reason, size_t size) {
    proof p = {.tokenizer = tokenizer};
    json_t *components = NULL;
    buffer text = {0};
    TRY(components_json(tokenizer, &components));
    maske_status status = prove(&p, components);
    if (status == MASKE_OK) status = buffer_add_text(&text, "every text");
    if (status == MASKE_OK && p.form.length > 0) status = buffer_add(&text, p.form.data, p.form.length);
    if (status == MASKE_OK && p.conditions.length > 0)
        status = buffer_add(&text, p.conditions.data, p.conditions.length);
    if (status == MASKE_OK && tokenizer->truncation.set)
        status =
            buffer_add_format(&text, "; what is over %lld tokens is cut", (long long)tokenizer->truncation.max_length);
    if (status == MASKE_OK) {
        *lossless = p.loss.length == 0;
        copy_reason(reason, size, *lossless ? text.data : p.loss.data);
    }
    json_decref(components);
    buffer_free(&text);
    buffer_free(&p.loss);
    buffer_free(&p.form);
    buffer_free(&p.conditions);
    return status;
}
