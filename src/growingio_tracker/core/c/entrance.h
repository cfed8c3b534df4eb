/* Entrance: a pipeline's short way into its waiting room; and ShortWay, which leads to it. */

#ifndef GROWINGIO_ENTRANCE_H
#define GROWINGIO_ENTRANCE_H

#include "journal.h"
#include "process.h"
#include "receipt.h"
#include "ring.h"

typedef struct {
    PyObject_HEAD
    PyTypeObject *receipt_type; /* owned: ReceiptBase or a class that extends it */
    allocfunc allocate_receipt;
    PyObject *outcomes;  /* owned: what receipts ask */
    PyObject *admission; /* owned: Admission */
    PyObject *ring;      /* owned: Ring; NULL where records go to disk */
    PyObject *journal;   /* owned: JournalEnd, which takes its place there; or NULL */
    PyObject *doorway;   /* owned: whose lock is held while one enters a journal */
    PyObject *lock;      /* owned, with a journal: acquires that lock, */
    PyObject *unlock;    /* owned, and releases it */
    PyObject *senders;   /* owned: a set of the threads that are amid a request */
    PyObject *announce;  /* owned: called with the seq of each record that is news, or None */
    long long lane;
    unsigned long long process; /* where it is open; 0 when it is shut */
} Entrance;

/* Lets a record, which is bytes, in and gives its receipt: 1; or 0 when it must go the long way,
   -1 with an exception set. */
int entrance_offer(Entrance *self, PyObject *record, PyObject **receipt);

typedef struct {
    PyObject_HEAD
    PyObject *entrance; /* owned, or NULL: Entrance */
} ShortWay;

/* Does the same by the entrance that it leads to. */
int short_way_offer(ShortWay *self, PyObject *record, PyObject **receipt);

#endif
