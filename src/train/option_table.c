/* train/option_table.c: the one table of the training settings: flags of the command line, keys of train.json, ranges
 * and defaults. A minimum of 1 beside a default of 0 means: left out, 0 stands for "not given". */
#include "base/options.h"

#define MEMBER(name) offsetof(maske_train_options, name)
#define MOST_STEPS   1e9

static const maske_option table[] = {
    {"size", MASKE_OPTION_CHOICE, MEMBER(size), 0, 0, "tiny|mini|small|medium|base", "mini",
     "hidden size x layers: 128 x 2, 256 x 4, 512 x 4, 512 x 8, 768 x 12"},
    {"hidden-size", MASKE_OPTION_INTEGER, MEMBER(hidden_size), 1, 65536, "N", "from the size", "width of the model"},
    {"num-hidden-layers", MASKE_OPTION_INTEGER, MEMBER(num_hidden_layers), 1, 1024, "N", "from the size", "layers"},
    {"num-attention-heads", MASKE_OPTION_INTEGER, MEMBER(num_attention_heads), 1, 1024, "N", "hidden size / 64",
     "attention heads; they divide the hidden size"},
    {"intermediate-size", MASKE_OPTION_INTEGER, MEMBER(intermediate_size), 1, 1 << 20, "N", "4 x hidden size",
     "width inside a layer's feed-forward part"},
    {"hidden-act", MASKE_OPTION_CHOICE, MEMBER(hidden_act), 0, 0, "gelu|gelu_new|relu|silu|tanh", "gelu", "activation"},
    {"max-position-embeddings", MASKE_OPTION_INTEGER, MEMBER(max_position_embeddings), 4, 1 << 20, "N", "512",
     "longest sequence the model can ever take"},
    {"max-length", MASKE_OPTION_INTEGER, MEMBER(max_length), 4, 65535, "N", "128",
     "tokens of a training sequence, [CLS] and [SEP] included"},
    {"vocab-size", MASKE_OPTION_INTEGER, MEMBER(vocab_size), 8, 1 << 22, "N", "16000, less for little text",
     "entries of the tokenizer that is learned"},
    {"pre-tokenizer", MASKE_OPTION_CHOICE, MEMBER(pre_tokenizer), 0, 0, "metaspace|bytelevel|bert|whitespace",
     "metaspace", "how the tokenizer that is learned parts words"},
    {"normalizer", MASKE_OPTION_CHOICE, MEMBER(normalizer), 0, 0, "none|nfc|nfkc|bert-cased|bert-uncased|lower-tr",
     "none", "how the tokenizer that is learned changes text"},
    {"mask-probability", MASKE_OPTION_NUMBER, MEMBER(mask_probability), 0.001, 0.9, "P", "0.15",
     "share of the tokens that are predicted"},
    {"line-by-line", MASKE_OPTION_YES_NO, MEMBER(line_by_line), 0, 0, "yes|no", "no",
     "each line is a sequence; else lines of a document are packed"},
    {"valid", MASKE_OPTION_TEXT, MEMBER(valid), 0, 0, "FILE", NULL, "text held out for evaluation"},
    {"valid-fraction", MASKE_OPTION_NUMBER, MEMBER(valid_fraction), 0, 0.5, "P", "0.02",
     "share of the documents held out where --valid is not given; 0: no evaluation"},
    {"eval-steps", MASKE_OPTION_INTEGER, MEMBER(eval_steps), 1, MOST_STEPS, "N", "ten times in the run",
     "steps from one evaluation to the next"},
    {"minutes", MASKE_OPTION_NUMBER, MEMBER(minutes), 0.001, 1e6, "N", NULL,
     "train for so long, all work before and after included"},
    {"epochs", MASKE_OPTION_NUMBER, MEMBER(epochs), 1e-6, 1e6, "N", "3 without --minutes and --steps",
     "train so often over the text"},
    {"steps", MASKE_OPTION_INTEGER, MEMBER(steps), 1, MOST_STEPS, "N", NULL, "train for so many steps"},
    {"batch-size", MASKE_OPTION_INTEGER, MEMBER(batch_size), 1, 65536, "N", "16", "sequences in a batch"},
    {"accumulate", MASKE_OPTION_INTEGER, MEMBER(accumulate), 1, 4096, "N", "1", "batches that make one step"},
    {"optimizer", MASKE_OPTION_CHOICE, MEMBER(optimizer), 0, 0, "adamw|muon", "adamw",
     "muon: the layers' matrices by Muon, the rest by AdamW"},
    {"learning-rate", MASKE_OPTION_NUMBER, MEMBER(learning_rate), 0, 1000, "R", "0.001", "its highest value"},
    {"muon-learning-rate", MASKE_OPTION_NUMBER, MEMBER(muon_learning_rate), 0, 1000, "R", "0.002",
     "Muon: the highest learning rate of the matrices"},
    {"muon-momentum", MASKE_OPTION_NUMBER, MEMBER(muon_momentum), 0, 0.999999, "R", "0.95", "Muon: memory of the momentum"},
    {"schedule", MASKE_OPTION_CHOICE, MEMBER(schedule), 0, 0, "linear|cosine|wsd|constant", "linear",
     "how the learning rate falls after the warm-up; wsd: it stays up, and falls in the last part"},
    {"decay-ratio", MASKE_OPTION_NUMBER, MEMBER(decay_ratio), 0, 1, "P", "0.4",
     "wsd: share of the run in which the learning rate falls"},
    {"warmup-ratio", MASKE_OPTION_NUMBER, MEMBER(warmup_ratio), 0, 1, "P", "0.06",
     "share of the run in which the learning rate rises"},
    {"beta1", MASKE_OPTION_NUMBER, MEMBER(beta1), 0, 0.999999, "R", "0.9", "AdamW: memory of the first moment"},
    {"beta2", MASKE_OPTION_NUMBER, MEMBER(beta2), 0, 0.999999, "R", "0.98", "AdamW: memory of the second moment"},
    {"epsilon", MASKE_OPTION_NUMBER, MEMBER(epsilon), 1e-20, 1, "R", "1e-06", "AdamW: added to the denominator"},
    {"weight-decay", MASKE_OPTION_NUMBER, MEMBER(weight_decay), 0, 100, "R", "0.01",
     "AdamW: decoupled decay, none on biases and LayerNorm"},
    {"max-grad-norm", MASKE_OPTION_NUMBER, MEMBER(max_grad_norm), 0, 1e9, "R", "1",
     "gradients are scaled down to this norm; 0: never"},
    {"dropout", MASKE_OPTION_NUMBER, MEMBER(dropout), 0, 0.95, "P", "0.1", "dropout of the hidden states"},
    {"attention-dropout", MASKE_OPTION_NUMBER, MEMBER(attention_dropout), 0, 0.95, "P", "0.1",
     "dropout of the attention probabilities"},
    {"initializer-range", MASKE_OPTION_NUMBER, MEMBER(initializer_range), 0, 10, "R", "0.02",
     "deviation of the initial weights"},
    {"precision", MASKE_OPTION_CHOICE, MEMBER(precision), 0, 0, "auto|f32|bf16", "auto",
     "of the matrix products; auto: bf16 where the CPU multiplies it, else f32"},
    {"save-steps", MASKE_OPTION_INTEGER, MEMBER(save_steps), 1, MOST_STEPS, "N", NULL,
     "steps from one checkpoint to the next, beside --save-minutes"},
    {"save-minutes", MASKE_OPTION_NUMBER, MEMBER(save_minutes), 0.001, 1e6, "N", "5",
     "minutes from one checkpoint to the next"},
    {"keep", MASKE_OPTION_INTEGER, MEMBER(keep), 1, 1000000, "N", "2", "checkpoints kept"},
    {"log-steps", MASKE_OPTION_INTEGER, MEMBER(log_steps), 1, MOST_STEPS, "N", "10",
     "steps from one line of the log to the next"},
    {"seed", MASKE_OPTION_INTEGER, MEMBER(seed), 0, 9007199254740991.0, "N", "1",
     "of weights, order, masks and dropout"},
    {"force", MASKE_OPTION_FLAG, MEMBER(force), 0, 0, "", "no", "replace an earlier run in the output folder"},
    {NULL, MASKE_OPTION_FLAG, 0, 0, 0, NULL, NULL, NULL}
};

const maske_option *maske_train_option_table(void) { return table; }

void maske_train_options_defaults(maske_train_options *out) {
    *out = (maske_train_options){0};
    options_fill_defaults(table, out);
}
