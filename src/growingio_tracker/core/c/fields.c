/* Making the table of a message's fields, and finding a field in it. */

#include "fields.h"

static const char *const form_names[] = {"text", "integer", "code", "texts", "message"};

static size_t
bucket_of(Span key)
{
    unsigned int hash = (unsigned int)key.length;
    if (key.length > 0) {
        hash = hash * 31 + (unsigned char)key.start[0];
        hash = hash * 31 + (unsigned char)key.start[key.length / 2];
        hash = hash * 31 + (unsigned char)key.start[key.length - 1];
    }
    return hash % BUCKETS;
}

Field *
message_field(const Message *message, Span key)
{
    Field *field = message->buckets[bucket_of(key)];
    while (field != NULL
           && (field->key.length != key.length
               || memcmp(field->key.start, key.start, key.length) != 0)) {
        field = field->next;
    }
    return field;
}

size_t
put_varint(char *at, unsigned long long number)
{
    size_t length = 0;
    while (number >= 0x80) {
        at[length++] = (char)(number | 0x80);
        number >>= 7;
    }
    at[length++] = (char)number;
    return length;
}

int
write_varint(Output *out, unsigned long long number)
{
    if (output_reserve(out, 10) < 0) {
        return FAILED;
    }
    out->at += put_varint(out->at, number);
    return WRITTEN;
}

static int
find_form(PyObject *name, Form *form)
{
    for (int index = 0; index <= MESSAGE; index++) {
        if (PyUnicode_CompareWithASCIIString(name, form_names[index]) == 0) {
            *form = (Form)index;
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "ProtobufList: there is no form %R", name);
    return -1;
}

static int
set_tag(Field *field, int number)
{
    if (number < 1 || number >= 1 << 29) {
        PyErr_SetString(PyExc_ValueError, "ProtobufList: no such field number");
        return -1;
    }
    int wire_type = field->form == INTEGER || field->form == CODE ? 0 : 2;
    field->tag_length = put_varint(field->tag, (unsigned long long)number << 3 | wire_type);
    return 0;
}

/* Sets what a field has besides: `more` is a dict of codes, a tuple of fields, or nothing. */
static int
set_more(Field *field, PyObject *more)
{
    if (field->form == CODE && !PyDict_Check(more)) {
        PyErr_SetString(PyExc_TypeError, "ProtobufList: a code needs a dict");
        return -1;
    }
    field->codes = more;
    if (field->form == MESSAGE) {
        field->message = message_new(more);
        return field->message == NULL ? -1 : 0;
    }
    return 0;
}

static int
fill_field(Field *field, PyObject *specification)
{
    PyObject *key, *form, *more; /* borrowed */
    int number;
    Py_ssize_t length;
    if (!PyTuple_Check(specification)) {
        PyErr_SetString(PyExc_TypeError, "ProtobufList: a field is a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(specification, "UiUO", &key, &number, &form, &more)) {
        return -1;
    }
    field->key.start = PyUnicode_AsUTF8AndSize(key, &length); /* lives as long as the key */
    if (field->key.start == NULL || find_form(form, &field->form) < 0
        || set_tag(field, number) < 0) {
        return -1;
    }
    field->key.length = (size_t)length;
    return set_more(field, more);
}

static int
add_field(Message *message, PyObject *specification)
{
    Field *field = &message->fields[message->count++];
    if (fill_field(field, specification) < 0) {
        return -1;
    }
    size_t bucket = bucket_of(field->key);
    field->next = message->buckets[bucket];
    message->buckets[bucket] = field;
    return 0;
}

static int
add_fields(Message *message)
{
    Py_ssize_t count = PyTuple_Size(message->specification);
    if (count > MOST_FIELDS) {
        PyErr_Format(PyExc_ValueError, "ProtobufList: a message has at most %d fields", MOST_FIELDS);
        return -1;
    }
    for (Py_ssize_t index = 0; index < count; index++) {
        if (add_field(message, PyTuple_GetItem(message->specification, index)) < 0) {
            return -1;
        }
    }
    return 0;
}

Message *
message_new(PyObject *specification)
{
    if (!PyTuple_Check(specification)) {
        PyErr_SetString(PyExc_TypeError, "ProtobufList: fields are a tuple");
        return NULL;
    }
    Message *message = PyMem_Calloc(1, sizeof(Message));
    if (message == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    message->specification = Py_NewRef(specification);
    if (add_fields(message) < 0) {
        message_free(message);
        return NULL;
    }
    return message;
}

void
message_free(Message *message)
{
    if (message == NULL) {
        return;
    }
    for (size_t index = 0; index < message->count; index++) {
        message_free(message->fields[index].message);
    }
    Py_DECREF(message->specification);
    PyMem_Free(message);
}
