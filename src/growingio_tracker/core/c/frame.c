/* The head of a record on disk, which segment.py describes, and packed(), which makes both. */

#include "frame.h"

#include "crc32.h"

#define SYNC "\xf6\xf7"
#define SYNC_BYTES 2
#define KIND_AT 2
#define LENGTH_AT 4
#define SEQ_AT 8
#define TIME_AT 16
#define CRC_AT 24

static void
put_bytes(char *at, unsigned long long number, int count)
{
    for (int byte = 0; byte < count; byte++) {
        at[byte] = (char)(number >> (8 * byte) & 255);
    }
}

static unsigned long long
get_bytes(const char *at, int count)
{
    unsigned long long number = 0;
    for (int byte = 0; byte < count; byte++) {
        number |= (unsigned long long)(unsigned char)at[byte] << (8 * byte);
    }
    return number;
}

void
put_eight_bytes(char *at, unsigned long long number)
{
    put_bytes(at, number, 8);
}

static uint32_t
checksum(const char *head, const char *record, size_t length)
{
    return crc32_of(crc32_of(0, head, CRC_AT), record, length);
}

void
frame_put_head(char *head, const Frame *frame)
{
    memcpy(head, SYNC, SYNC_BYTES);
    head[KIND_AT] = (char)frame->kind;
    head[KIND_AT + 1] = 0;
    put_bytes(head + LENGTH_AT, frame->length, 4);
    put_bytes(head + SEQ_AT, (unsigned long long)frame->seq, 8);
    put_bytes(head + TIME_AT, (unsigned long long)frame->at_ms, 8);
    put_bytes(head + CRC_AT, checksum(head, frame->record, frame->length), 4);
}

int
frame_read(const char *bytes, size_t size, int kind, Frame *frame)
{
    if (size < HEAD_BYTES || memcmp(bytes, SYNC, SYNC_BYTES) != 0
        || (unsigned char)bytes[KIND_AT] != kind) {
        return 0;
    }
    size_t length = (size_t)get_bytes(bytes + LENGTH_AT, 4);
    if (length > size - HEAD_BYTES) {
        return 0;
    }
    *frame = (Frame){kind, (long long)get_bytes(bytes + SEQ_AT, 8),
                     (long long)get_bytes(bytes + TIME_AT, 8), bytes + HEAD_BYTES, length};
    return get_bytes(bytes + CRC_AT, 4) == checksum(bytes, frame->record, length);
}

const char *
frame_find(const char *bytes, size_t size)
{
    const char *end = bytes + size;
    while (bytes < end && (bytes = memchr(bytes, SYNC[0], (size_t)(end - bytes))) != NULL) {
        if (end - bytes >= SYNC_BYTES && bytes[1] == SYNC[1]) {
            return bytes;
        }
        bytes++;
    }
    return NULL;
}

static PyObject *
packed(PyObject *module, PyObject *args)
{
    Frame frame;
    PyObject *record;
    char *bytes;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "iLLS:packed", &frame.kind, &frame.seq, &frame.at_ms, &record)
        || PyBytes_AsStringAndSize(record, &bytes, &length) < 0) {
        return NULL;
    }
    frame.record = bytes;
    frame.length = (size_t)length;
    PyObject *made = PyBytes_FromStringAndSize(NULL, HEAD_BYTES + length);
    if (made != NULL) {
        frame_put_head(PyBytes_AsString(made), &frame);
        memcpy(PyBytes_AsString(made) + HEAD_BYTES, frame.record, frame.length);
    }
    return made;
}

static PyMethodDef frame_functions[] = {
    {"packed", packed, METH_VARARGS,
     "packed(kind_code, seq, at_ms, record, /)\n--\n\nReturn a record as it is on disk."},
    {NULL},
};

int
add_frame(PyObject *module)
{
    crc32_prepare();
    return PyModule_AddFunctions(module, frame_functions);
}
