/* base/clock.h: seconds, for what is measured or due; never for what is written into files. */
#ifndef MASKE_BASE_CLOCK_H
#define MASKE_BASE_CLOCK_H

/* By a clock that never goes back, from a moment that means nothing. */
double clock_now(void);
/* That this process's threads have spent on processors, added up. */
double clock_processor(void);

#endif
