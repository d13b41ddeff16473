/* nn/attention.c: calls the CPU's body (nn/attention_body.h). */
#include "nn/kernels.h"

/* As attention_prepare lays it out: rows of keys filled up to 32. */
size_t attention_scratch(size_t keys, size_t head_size, bool backward) {
    size_t width = (keys + 31) / 32 * 32, once = width * (head_size + ATTENTION_QUERIES);
    return width + once * (backward ? 2 : 1);
}

void attention_forward(float *out, float *log_sum, float *weights, const float *q, const float *k, const float *v,
                       const attention_shape *shape, float *scratch) {
    kernels_of_cpu()->attention_forward(out, log_sum, weights, q, k, v, shape, scratch);
}
void attention_backward(float *d_q, float *d_k, float *d_v, const float *d_out, const float *out, const float *log_sum,
                        const float *q, const float *k, const float *v, const attention_shape *shape, float *scratch) {
    kernels_of_cpu()->attention_backward(d_q, d_k, d_v, d_out, out, log_sum, q, k, v, shape, scratch);
}
