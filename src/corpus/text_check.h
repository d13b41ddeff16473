/* corpus/text_check.h: is this text? Asked of a file's first bytes before any work is put into it. */
#ifndef MASKE_CORPUS_TEXT_CHECK_H
#define MASKE_CORPUS_TEXT_CHECK_H

#include "base/status.h"

/* Fails, naming the file, when its first bytes (`length` of them; `whole`: there are no more) are UTF-16, hold a NUL,
 * or are mostly something else than UTF-8. A few wrong bytes are no failure: they are replaced and counted later. */
MASKE_MUST_USE maske_status text_check(const char *bytes, size_t length, bool whole, const char *name);

#endif
