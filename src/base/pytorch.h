/* base/pytorch.h: tensors in a pytorch_model.bin, as torch.save writes a state dictionary since PyTorch 1.6.
 *
 *   a zip file     NAME/data.pkl   a pickle: {"bert.embeddings...weight": tensor, ...}
 *                  NAME/data/0     the elements of storage "0", and so on; several tensors may share one
 *                  NAME/byteorder  "little"
 *   tensor         _rebuild_tensor_v2(storage, offset, size, stride, ...), perhaps within _rebuild_parameter
 *   storage        a reference to ("storage", torch.FloatStorage, "0", "cpu", elements)
 *
 * Nothing of the file is run (base/pickle.h). What is given is the structure that base/safetensors.h gives, so that
 * whoever reads weights reads both. Refused with a sentence: anything else in the dictionary than tensors, tensors whose
 * elements are not row by row, storages that are shorter than what they should hold, big-endian files, and the older
 * form, which is no zip file. */
#ifndef MASKE_BASE_PYTORCH_H
#define MASKE_BASE_PYTORCH_H

#include "base/safetensors.h"

/* The file is mapped: it must stay as it is. Yours: safetensors_close. */
MASKE_MUST_USE maske_status pytorch_open(safetensors *out, const char *path);
/* The same from bytes, borrowed until safetensors_close; `name` stands for the file in sentences. */
MASKE_MUST_USE maske_status pytorch_parse(safetensors *out, const char *bytes, size_t length, const char *name);

#endif
