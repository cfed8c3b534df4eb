/* Admission: what is pending, and how much may be. */

#ifndef GROWINGIO_ADMISSION_H
#define GROWINGIO_ADMISSION_H

#include "core.h"

typedef struct {
    PyObject_HEAD
    long long pending;
    long long pending_bytes;
    long long max_events; /* 0 when closed */
    long long max_bytes;
} Admission;

/* Whether a record of `size` bytes may come in; within a step. */
static inline int
admission_has_room(const Admission *self, long long size)
{
    return self->pending < self->max_events && self->pending_bytes + size <= self->max_bytes;
}

/* Checks the arguments of `object`'s enter(): an Admission and bytes; -1 with an exception set when
   they are not. */
int check_entering(PyObject *object, PyObject *const *given, Py_ssize_t count);

static inline void
admission_count(Admission *self, long long events, long long size)
{
    self->pending += events;
    self->pending_bytes += size;
}

#endif
