/* nn/kernels_body.h: every body, and the table of them. The including file defines KERNELS, the table's name. */
#include "nn/activation_body.h"
#include "nn/adamw_body.h"
#include "nn/attention_body.h"
#include "nn/bias_body.h"
#include "nn/cross_entropy_body.h"
#include "nn/dropout_body.h"
#include "nn/kernels.h"
#include "nn/layer_norm_body.h"
#include "nn/muon_body.h"
#include "nn/residual_layer_norm_body.h"
#include "nn/tanh_body.h"

#define BODY(name) .name = name##_body

const kernels KERNELS = {
    BODY(layer_norm_forward), BODY(layer_norm_again), BODY(layer_norm_backward),
    BODY(residual_layer_norm_forward), BODY(residual_layer_norm_backward),
    BODY(bias_activation_forward), BODY(bias_activation_backward),
    BODY(bias_activation_forward_rounded), BODY(bias_activation_backward_rounded),
    BODY(bias_forward), BODY(bias_backward), BODY(partials_add),
    BODY(bias_forward_rounded), BODY(bias_backward_rounded),
    BODY(dropout_forward),
    BODY(attention_forward), BODY(attention_backward),
    BODY(attention_forward_rounded), BODY(attention_backward_rounded),
    BODY(logits_finish), BODY(logits_sum), BODY(logits_total), BODY(logits_gradient),
    BODY(logits_gradient_rounded), BODY(logits_above),
    BODY(tanh_forward), BODY(tanh_backward),
    BODY(gradient_square_sum), BODY(adamw_step),
    BODY(muon_momentum), BODY(weighted_sum),
    BODY(exponential),
};
