/* A buffer that what is written grows in: on the C stack at first, on the heap when that is full.

   Every function that may need memory answers -1, with MemoryError set, when there is none. */

#ifndef GROWINGIO_OUTPUT_H
#define GROWINGIO_OUTPUT_H

#include "core.h"

typedef struct {
    char *start;
    char *at; /* where the next byte goes */
    char *end;
    char own[2048];
} Output;

static inline void
output_begin(Output *out)
{
    out->start = out->at = out->own;
    out->end = out->own + sizeof(out->own);
}

/* Every output that was begun must be ended. */
void output_end(Output *out);

/* Returns what was written. */
PyObject *output_bytes(const Output *out);

int output_grow(Output *out, size_t more);

/* Makes room for `more` bytes, which may then be put without asking. */
static inline int
output_reserve(Output *out, size_t more)
{
    return (size_t)(out->end - out->at) >= more ? 0 : output_grow(out, more);
}

static inline void
output_put(Output *out, const char *bytes, size_t length)
{
    memcpy(out->at, bytes, length);
    out->at += length;
}

static inline int
output_add(Output *out, const char *bytes, size_t length)
{
    if (output_reserve(out, length) < 0) {
        return FAILED;
    }
    output_put(out, bytes, length);
    return WRITTEN;
}

#define PADDING 16

/* Text that is written often. Its memory is owned, and longer, so that it may be copied in whole
   steps of PADDING, which takes no call. */
typedef struct {
    char *bytes;
    size_t length;
} Literal;

/* Makes a literal of what was written. */
int literal_make(Literal *literal, const Output *out);

void literal_free(Literal *literal);

static inline int
output_add_literal(Output *out, const Literal *literal)
{
    if (output_reserve(out, literal->length + PADDING) < 0) {
        return FAILED;
    }
    for (size_t at = 0; at < literal->length; at += PADDING) {
        memcpy(out->at + at, literal->bytes + at, PADDING);
    }
    out->at += literal->length;
    return WRITTEN;
}

/* How much was written; output_back_to() takes back what was written since. */
static inline size_t
output_length(const Output *out)
{
    return (size_t)(out->at - out->start);
}

static inline void
output_back_to(Output *out, size_t length)
{
    out->at = out->start + length;
}

#endif
