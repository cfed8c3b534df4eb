/* The operating system's calls that write a record, without a way over Python. */

#ifndef GROWINGIO_DIRECT_H
#define GROWINGIO_DIRECT_H

#include "core.h"

/* Maps the first page of a file that others may read; NULL where that cannot be done. */
char *map_page(int number);

void unmap_page(char *page);

/* The steady clock that Python's time.monotonic() reads, in nanoseconds; -1 where it is another. */
long long steady_ns(void);

/* Whether an open file still has a name, which it loses when somebody removes it. */
int has_name(int number);

/* Adds bytes to a file that nobody else adds to: all of them, or none, and then 0. */
int append_whole(int number, const char *bytes, size_t length);

#endif
