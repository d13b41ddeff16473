/* cli/tokenizer_report.h: what learning a tokenizer is reported as, by every command that learns one. */
#ifndef MASKE_CLI_TOKENIZER_REPORT_H
#define MASKE_CLI_TOKENIZER_REPORT_H

#include "cli/command.h"

/* A sentence on standard error; with --json the figures on standard output. */
MASKE_MUST_USE maske_status tokenizer_report_print(const invocation *call, const char *folder,
                                                   const maske_tokenizer_train_report *report);

#endif
