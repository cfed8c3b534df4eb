/* The fields of a protobuf message, found by their JSON key. */

#ifndef GROWINGIO_FIELDS_H
#define GROWINGIO_FIELDS_H

#include "json.h"

#define MOST_FIELDS 64 /* so many bits tell which of them were seen */
#define BUCKETS 128

/* How a field's JSON value is written. */
typedef enum { TEXT, INTEGER, CODE, TEXTS, MESSAGE } Form;

struct Message;

typedef struct Field {
    Span key; /* in a str that the message keeps */
    Form form;
    char tag[5];
    size_t tag_length;
    PyObject *codes;         /* borrowed from the specification: dict of the names of an enum */
    struct Message *message; /* owned, of a MESSAGE */
    struct Field *next;      /* in its bucket */
} Field;

typedef struct Message {
    PyObject *specification; /* owned: the tuple that it was made from, whose texts are used */
    Field fields[MOST_FIELDS];
    size_t count;
    Field *buckets[BUCKETS];
} Message;

/* Returns the message of a tuple of (key, number, form, codes or fields); NULL with an exception
   set when that is no such thing. */
Message *message_new(PyObject *specification);

void message_free(Message *message);

/* Returns the field of a key; NULL when there is none. */
Field *message_field(const Message *message, Span key);

/* Writes a varint. */
int write_varint(Output *out, unsigned long long number);

/* Puts a varint into at most ten bytes; returns how many. */
size_t put_varint(char *at, unsigned long long number);

#endif
