/* nn/attention.c: calls the CPU's body (nn/attention_body.h). */
#include "nn/kernels.h"

static size_t packed_floats(size_t n, size_t k) { return gemm_packed_bytes(GEMM_BF16, n, k) / sizeof(float); }

/* As attention_prepare lays it out: rows of keys filled up to 32; for either precision. */
size_t attention_scratch(size_t keys, size_t head_size, bool backward) {
    size_t width = (keys + 31) / 32 * 32, blocks = backward ? 2 : 1;
    size_t f32 = blocks * width * head_size;
    size_t bf16 = blocks * packed_floats(width, head_size) + packed_floats(head_size, width) +
                  (backward ? 2 * packed_floats(head_size, ATTENTION_QUERIES) + (ATTENTION_QUERIES + 2 * keys) * head_size : 0);
    return width + blocks * width * ATTENTION_QUERIES + (f32 > bf16 ? f32 : bf16);
}

void attention_forward(float *out, float *log_sum, float *weights, const float *q, const float *k, const float *v,
                       const attention_shape *shape, float *scratch) {
    kernels_of_cpu()->attention_forward(out, log_sum, weights, q, k, v, shape, scratch);
}
void attention_backward(float *d_q, float *d_k, float *d_v, const float *d_out, const float *out, const float *log_sum,
                        const float *q, const float *k, const float *v, const attention_shape *shape, float *scratch) {
    kernels_of_cpu()->attention_backward(d_q, d_k, d_v, d_out, out, log_sum, q, k, v, shape, scratch);
}
void attention_forward_rounded(float *out, float *log_sum, float *weights, const uint16_t *q, const uint16_t *k, const uint16_t *v,
                               const attention_shape *shape, float *scratch) {
    kernels_of_cpu()->attention_forward_rounded(out, log_sum, weights, q, k, v, shape, scratch);
}
void attention_backward_rounded(uint16_t *d_q, uint16_t *d_k, uint16_t *d_v, const float *d_out, const float *out,
                                const float *log_sum, const uint16_t *q, const uint16_t *k, const uint16_t *v,
                                const attention_shape *shape, float *scratch) {
    kernels_of_cpu()->attention_backward_rounded(d_q, d_k, d_v, d_out, out, log_sum, q, k, v, shape, scratch);
}
