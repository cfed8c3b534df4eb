/* JournalEnd: where the next record of a journal on disk goes, and what waits in it. */

#ifndef GROWINGIO_JOURNAL_H
#define GROWINGIO_JOURNAL_H

#include "admission.h"

/* The base of a segment, with what changes by each record. */
typedef struct {
    PyObject_HEAD
    long long number; /* of its open file; below 0 when it is not open */
    long long end;    /* the number behind its last record */
    long long size;   /* on disk */
    long long events; /* how many records were said to be in it, */
    long long payload; /* which have so many bytes */
} Segment;

typedef struct {
    PyObject_HEAD
    PyObject *newest; /* owned: the Segment that records are added to, or None */
    PyObject *now_ms; /* owned: tells when a record enters, or None */
    long long wall_ms; /* what to add to the machine's steady clock instead; below 0: ask now_ms */
    long long rests_until_ns; /* on that clock: the disk lets writers wait */
    long long looked_ns; /* on that clock: when the newest segment was last seen to have a name */
    long long entered; /* the number of the next record */
    long long first;   /* no record waits before this number */
    long long waiting; /* how many do, */
    long long size;    /* and their bytes */
    long long max_events; /* of a batch */
    long long max_bytes;
    long long segment_bytes; /* a segment of this size is full */
    int kind;
    char is_let_go; /* nothing enters any more */
    char *page;     /* the control file's first page, mapped and owned; NULL: the way is Python's */
    size_t slots_at;
} JournalEnd;

/* Writes a record behind all others and counts it, in one step; see ring_enter() for its answers.
   NOT_LET_IN, too, when anything is unusual or fails: then nothing has changed, and the long way
   knows what to do. The room's lock is held. */
long long journal_enter(JournalEnd *self, Admission *admission, PyObject *record, int news_too);

#endif
