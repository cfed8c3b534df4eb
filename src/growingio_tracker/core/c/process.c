/* The number of this process: from a page that the kernel wipes in a forked child, or the pid. */

#include "process.h"

#ifdef __linux__
#include <sys/mman.h>
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* Linux 4.14; older headers do not name it, older kernels refuse it */
#endif
#endif

#ifdef _WIN32
#define process_id() 1 /* nothing forks here */
#else
#include <unistd.h>
#define process_id() ((unsigned long long)getpid())
#endif

/* The number of this process, 0 in a child that has not asked yet; NULL where no page is wiped.
   The page belongs to the process, not to an import, and stays. */
static unsigned long long *wiped;

static unsigned long long last_number;

static unsigned long long *
new_wiped_page(void)
{
#ifdef __linux__
    size_t length = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return NULL;
    }
    if (madvise(page, length, MADV_WIPEONFORK) == 0) {
        return page;
    }
    munmap(page, length);
#endif
    return NULL;
}

unsigned long long
this_process(void)
{
    if (wiped == NULL) {
        return process_id();
    }
    if (*wiped == 0) {
        *wiped = ++last_number;
    }
    return *wiped;
}

static PyObject *
process_number(PyObject *module, PyObject *unused)
{
    return PyLong_FromUnsignedLongLong(this_process());
}

static PyMethodDef process_functions[] = {
    {"process_number", process_number, METH_NOARGS,
     "process_number()\n--\n\nReturn a number that no forked child shares with its parent."},
    {NULL},
};

int
add_process(PyObject *module)
{
    if (wiped == NULL) {
        wiped = new_wiped_page();
    }
    return PyModule_AddFunctions(module, process_functions);
}
