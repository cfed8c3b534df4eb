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

int
has_name(int number)
{
    return 0;
}

int
append_whole(int number, const char *bytes, size_t length)
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

static int
has_name_by_fstat(int number)
{
    struct stat found;
    return fstat(number, &found) == 0 && found.st_nlink > 0;
}

#if defined(__linux__) && defined(STATX_NLINK)

/* fstat() tells the times of a file, too, and Linux from 6.13 on then makes the next write note an
   exact one, which costs more than the write itself. */
int
has_name(int number)
{
    struct statx found;
    if (statx(number, "", AT_EMPTY_PATH, STATX_NLINK, &found) < 0) {
        return has_name_by_fstat(number); /* an old kernel, or a sandbox without the call */
    }
    return found.stx_nlink > 0;
}

#else

int
has_name(int number)
{
    return has_name_by_fstat(number);
}

#endif

/* Cuts off the last bytes. Where that fails the long way finds them, and does it. */
static void
cut_back(int number, ssize_t written)
{
    struct stat found;
    if (fstat(number, &found) < 0 || ftruncate(number, found.st_size - written) < 0) {
        return;
    }
}

int
append_whole(int number, const char *bytes, size_t length)
{
    ssize_t written = write(number, bytes, length);
    if (written == (ssize_t)length) {
        return 1;
    }
    if (written > 0) {
        cut_back(number, written);
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
