/* The operating system's calls that write a record, without a way over Python. */

#ifndef GROWINGIO_DIRECT_H
#define GROWINGIO_DIRECT_H

#include "core.h"

/* Maps the first page of a file that others may read; NULL where that cannot be done. */
char *map_page(int number);

void unmap_page(char *page);

/* The steady clock that Python's time.monotonic() reads, in nanoseconds; -1 where it is another. */
long long steady_ns(void);

/* The size of an open file; -1 when it has no name any more, because somebody has removed it. */
long long size_of_named(int number);

/* Adds bytes to a file of `size` bytes: all of them, or none, and then 0. */
int append_whole(int number, long long size, const char *bytes, size_t length);

#endif
