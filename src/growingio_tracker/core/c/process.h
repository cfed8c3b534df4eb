/* Which process this is, asked for so little that every call can ask. */

#ifndef GROWINGIO_PROCESS_H
#define GROWINGIO_PROCESS_H

#include "core.h"

/* Returns a number above 0 that is the same in one process for ever, and another one in each
   process that descends from it, whether hooks ran at the fork or not. */
unsigned long long this_process(void);

#endif
