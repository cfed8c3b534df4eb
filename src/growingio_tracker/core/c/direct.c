/* Calls of POSIX. Where they are missing nothing is direct, and records go the way over Python.

   The GIL is kept meanwhile: what goes to the page cache costs about as much as letting it go and
   getting it again, and takes much longer where another thread runs. JournalEnd leaves a disk alone
   that takes its time. */

#include "direct.h"

#ifdef _WIN32

char *
map_page(int number)
{
    return NULL;
}

void
unmap_page(char *page)
{
}

long long
size_of_named(int number)
{
    return -1;
}

int
append_whole(int number, long long size, const char *bytes, size_t length)
{
    return 0;
}

#else

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define PAGE_BYTES 4096

char *
map_page(int number)
{
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, number, 0);
    return page == MAP_FAILED ? NULL : page;
}

void
unmap_page(char *page)
{
    if (page != NULL) {
        munmap(page, PAGE_BYTES);
    }
}

static long long
size_by_fstat(int number)
{
    struct stat found;
    return fstat(number, &found) == 0 && found.st_nlink > 0 ? (long long)found.st_size : -1;
}

#if defined(__linux__) && defined(STATX_NLINK)

/* fstat() tells the times of a file, too, and Linux from 6.13 on then makes the next write note an
   exact one, which costs more than the write itself. */
long long
size_of_named(int number)
{
    struct statx found;
    if (statx(number, "", AT_EMPTY_PATH, STATX_NLINK | STATX_SIZE, &found) < 0) {
        return size_by_fstat(number); /* an old kernel, or a sandbox that does not know the call */
    }
    return found.stx_nlink > 0 ? (long long)found.stx_size : -1;
}

#else

long long
size_of_named(int number)
{
    return size_by_fstat(number);
}

#endif

/* Where that fails the long way finds what was written, and cuts it off. */
static void
cut_back(int number, long long size)
{
    if (ftruncate(number, (off_t)size) < 0) {
        return;
    }
}

int
append_whole(int number, long long size, const char *bytes, size_t length)
{
    ssize_t written = write(number, bytes, length);
    if (written == (ssize_t)length) {
        return 1;
    }
    if (written > 0) {
        cut_back(number, size);
    }
    return 0;
}

#endif

#ifdef __linux__

#include <time.h>

long long
steady_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

#else

long long
steady_ns(void)
{
    return -1;
}

#endif
