/* train/step.c: one optimizer step. */
#include "train/step.h"

#include <math.h>

/* Part by part. */
static maske_status train_batch(const step_room *room, const batch *whole, masked_lm_mode *mode, float scale,
                                step_result *sum) {
    for (size_t first = 0; first < whole->sequences;) {
        batch part = *whole;
        if (room->parts != NULL) part = micro_batch(room->parts, whole, first, mode->first_prediction);
        masked_lm_result result = {0};
        TRY(masked_lm_train(room->model, room->context, &part, mode, scale, room->optimizer->gradients, NULL, &result));
        sum->loss_sum += result.loss_sum;
        mode->set_gradients = false;
        sum->predicted += result.predicted;
        sum->correct += result.correct;
        mode->first_token += part.tokens;
        mode->first_prediction += part.predictions;
        first += part.sequences;
    }
    return MASKE_OK;
}

maske_status step_run(const step_room *room, const step_input *input, double learning_rate, uint64_t update,
                      step_result *out) {
    const maske_train_options *settings = room->settings;
    step_result sum = {0};
    float scale = input->predicted > 0 ? (float)(1.0 / (double)input->predicted) : 0.0f;
    for (size_t i = 0; i < input->count; i++) {
        masked_lm_mode mode = {
            .dropout = true,
            .seed = (uint64_t)settings->seed,
            .label_smoothing = settings->label_smoothing,
            .set_gradients = i == 0,
            /* its own dropout for each batch of the step */
            .step = (uint64_t)(input->place.step - 1) * input->most + i,
        };
        TRY(train_batch(room, &input->batches[i].batch, &mode, scale, &sum));
    }
    if (room->saver != NULL) saver_wait_values(room->saver);
    sum.gradient_norm = optimizer_gradient_norm(room->optimizer, room->threads);
    double loss = sum.predicted > 0 ? sum.loss_sum / (double)sum.predicted : 0;
    sum.skipped = !isfinite(sum.loss_sum) || !isfinite(sum.gradient_norm) ||
                  (room->norm_limit > 0 && sum.gradient_norm > room->norm_limit) ||
                  (room->loss_limit > 0 && loss > room->loss_limit);
    if (!sum.skipped) {
        optimizer_step(room->optimizer, room->model->weights, settings, learning_rate, sum.gradient_norm, update,
                       room->precision, room->threads);
        TRY(masked_lm_pack(room->model, room->precision, true, room->threads));
    }
    *out = sum;
    return MASKE_OK;
}
