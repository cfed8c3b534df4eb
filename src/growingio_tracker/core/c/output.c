/* The growing of an output, and the literals that are made of one. */

#include "output.h"

int
output_grow(Output *out, size_t more)
{
    size_t used = output_length(out);
    size_t size = (size_t)(out->end - out->start) * 2;
    while (size - used < more) {
        size *= 2;
    }
    char *old = out->start == out->own ? NULL : out->start;
    char *grown = PyMem_Realloc(old, size);
    if (grown == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    if (old == NULL) {
        memcpy(grown, out->own, used);
    }
    out->start = grown;
    out->at = grown + used;
    out->end = grown + size;
    return WRITTEN;
}

void
output_end(Output *out)
{
    if (out->start != out->own) {
        PyMem_Free(out->start);
    }
}

PyObject *
output_bytes(const Output *out)
{
    return PyBytes_FromStringAndSize(out->start, (Py_ssize_t)output_length(out));
}

int
literal_make(Literal *literal, const Output *out)
{
    size_t length = output_length(out);
    literal->bytes = PyMem_Calloc(1, length + PADDING);
    if (literal->bytes == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    memcpy(literal->bytes, out->start, length);
    literal->length = length;
    return WRITTEN;
}

void
literal_free(Literal *literal)
{
    PyMem_Free(literal->bytes);
    literal->bytes = NULL;
}
