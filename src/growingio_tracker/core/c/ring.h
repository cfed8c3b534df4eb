/* Ring: the records of one lane that wait in memory, oldest first.

   A record's seq is the number of those that entered before it. */

#ifndef GROWINGIO_RING_H
#define GROWINGIO_RING_H

#include "admission.h"

typedef struct {
    PyObject *record; /* owned: bytes */
    long long seq;
} Slot;

typedef struct {
    PyObject_HEAD
    Slot *slots;     /* owned; a circle of `capacity`, which is 0 or a power of two */
    size_t capacity;
    size_t first;    /* where the oldest is */
    size_t count;
    size_t returned; /* how many at the head have waited here before */
    long long size;  /* of what waits, in bytes */
    long long next_seq;
    long long max_events; /* of a batch */
    long long max_bytes;
} Ring;

#define NOT_LET_IN (-1LL)
#define NEWS (-2LL)

/* Lets a record in behind all others and counts it, in one step. Answers its seq, or NEWS minus
   its seq when it begins a wait or fills a batch; NOT_LET_IN when there is no room, or when it
   would do that and `news_too` is 0; and -1 with an exception set when there is no memory. */
long long ring_enter(Ring *self, Admission *admission, PyObject *record, int news_too);

#endif
