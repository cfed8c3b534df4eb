/* ProtobufList: records to the protobuf message that lists them, without building any object.

   A record's keys decide what is written, in their order. A record that is unusual in any way is
   written by the function that was given for it, which says what is wrong if anything is. */

#include "fields.h"

typedef struct {
    PyObject_HEAD
    Message *message;    /* owned: what a record is */
    PyObject *otherwise; /* owned: returns the message of a record as bytes */
    char tag[5];         /* of each message in the list */
    size_t tag_length;
} ProtobufList;

/* Begins something whose length stands before it; returns where. */
static int
open_length(Output *out, size_t *begin)
{
    *begin = output_length(out);
    return output_add(out, "", 1); /* nearly always enough */
}

/* Sets the length of what was written since. */
static int
close_length(Output *out, size_t begin)
{
    char varint[10];
    size_t length = output_length(out) - begin - 1;
    size_t more = put_varint(varint, length) - 1;
    if (more > 0) {
        if (output_reserve(out, more) < 0) {
            return FAILED;
        }
        char *content = out->start + begin + 1;
        memmove(content + more, content, length);
        out->at += more;
    }
    memcpy(out->start + begin, varint, more + 1);
    return WRITTEN;
}

/* Writes the text of a JSON string as a field. */
static int
write_text_field(Output *out, const char *tag, size_t tag_length, Json *json)
{
    Span content;
    int escaped;
    size_t begin;
    int answer = json_string(json, &content, &escaped);
    if (answer == WRITTEN) {
        answer = output_add(out, tag, tag_length);
    }
    if (answer == WRITTEN) {
        answer = open_length(out, &begin);
    }
    if (answer == WRITTEN) {
        answer = write_unescaped(out, content, escaped);
    }
    return answer == WRITTEN ? close_length(out, begin) : answer;
}

static int
write_integer_field(Output *out, const Field *field, Json *json)
{
    long long number;
    int answer = json_integer(json, &number);
    if (answer == WRITTEN) {
        answer = output_add(out, field->tag, field->tag_length);
    }
    return answer == WRITTEN ? write_varint(out, (unsigned long long)number) : answer;
}

/* Looks up the number of an enum's name. */
static int
find_code(PyObject *codes, Span name, unsigned long long *code)
{
    PyObject *key = PyUnicode_DecodeUTF8(name.start, (Py_ssize_t)name.length, NULL); /* owned */
    if (key == NULL) {
        return FAILED;
    }
    PyObject *found = PyDict_GetItemWithError(codes, key); /* borrowed */
    Py_DECREF(key);
    if (found == NULL) {
        return PyErr_Occurred() ? FAILED : UNUSUAL;
    }
    *code = PyLong_AsUnsignedLongLong(found);
    return PyErr_Occurred() ? FAILED : WRITTEN;
}

static int
write_code_field(Output *out, const Field *field, Json *json)
{
    Span name;
    int escaped;
    unsigned long long code;
    int answer = json_string(json, &name, &escaped);
    if (answer == WRITTEN) {
        answer = escaped ? UNUSUAL : find_code(field->codes, name, &code);
    }
    if (answer == WRITTEN) {
        answer = output_add(out, field->tag, field->tag_length);
    }
    return answer == WRITTEN ? write_varint(out, code) : answer;
}

/* Writes the value of a map's entry, of whatever type, as a text field. */
static int
write_entry_value(Output *out, Json *json)
{
    static const char tag[] = {2 << 3 | 2};
    Span word;
    size_t begin;
    if (json_peek(json) == '"') {
        return write_text_field(out, tag, sizeof(tag), json);
    }
    int answer = json_word(json, &word);
    if (answer == WRITTEN) {
        answer = output_add(out, tag, sizeof(tag));
    }
    if (answer == WRITTEN) {
        answer = open_length(out, &begin);
    }
    if (answer == WRITTEN) {
        answer = write_word(out, word);
    }
    return answer == WRITTEN ? close_length(out, begin) : answer;
}

static int
write_entry(Output *out, const Field *field, Json *json)
{
    static const char tag[] = {1 << 3 | 2};
    size_t begin;
    int answer = output_add(out, field->tag, field->tag_length);
    if (answer == WRITTEN) {
        answer = open_length(out, &begin);
    }
    if (answer == WRITTEN) {
        answer = write_text_field(out, tag, sizeof(tag), json);
    }
    if (answer == WRITTEN) {
        answer = json_skip(json, ':') ? write_entry_value(out, json) : UNUSUAL;
    }
    return answer == WRITTEN ? close_length(out, begin) : answer;
}

static int
write_texts_field(Output *out, const Field *field, Json *json)
{
    if (!json_skip(json, '{')) {
        return UNUSUAL;
    }
    if (json_skip(json, '}')) {
        return WRITTEN;
    }
    do {
        int answer = write_entry(out, field, json);
        if (answer != WRITTEN) {
            return answer;
        }
    } while (json_skip(json, ','));
    return json_skip(json, '}') ? WRITTEN : UNUSUAL;
}

static int write_message(Output *out, const Message *message, Json *json);

static int
write_message_field(Output *out, const Field *field, Json *json)
{
    size_t begin;
    int answer = output_add(out, field->tag, field->tag_length);
    if (answer == WRITTEN) {
        answer = open_length(out, &begin);
    }
    if (answer == WRITTEN) {
        answer = write_message(out, field->message, json);
    }
    return answer == WRITTEN ? close_length(out, begin) : answer;
}

static int
write_field(Output *out, const Field *field, Json *json)
{
    switch (field->form) {
    case TEXT:
        return write_text_field(out, field->tag, field->tag_length, json);
    case INTEGER:
        return write_integer_field(out, field, json);
    case CODE:
        return write_code_field(out, field, json);
    case TEXTS:
        return write_texts_field(out, field, json);
    case MESSAGE:
        return write_message_field(out, field, json);
    }
    return UNUSUAL;
}

/* Reads a key, and writes the field that it names. A key that comes again is unusual. */
static int
write_member(Output *out, const Message *message, Json *json, uint64_t *seen)
{
    Span key;
    int escaped;
    int answer = json_string(json, &key, &escaped);
    if (answer != WRITTEN || escaped || !json_skip(json, ':')) {
        return UNUSUAL;
    }
    const Field *field = message_field(message, key);
    if (field == NULL) {
        return UNUSUAL;
    }
    uint64_t bit = UINT64_C(1) << (field - message->fields);
    if (*seen & bit) {
        return UNUSUAL;
    }
    *seen |= bit;
    return write_field(out, field, json);
}

static int
write_message(Output *out, const Message *message, Json *json)
{
    uint64_t seen = 0;
    if (!json_skip(json, '{')) {
        return UNUSUAL;
    }
    if (json_skip(json, '}')) {
        return WRITTEN;
    }
    do {
        int answer = write_member(out, message, json, &seen);
        if (answer != WRITTEN) {
            return answer;
        }
    } while (json_skip(json, ','));
    return json_skip(json, '}') ? WRITTEN : UNUSUAL;
}

/* Writes what `otherwise` returns for a record. */
static int
write_otherwise(const ProtobufList *self, Output *out, PyObject *record)
{
    char *content;
    Py_ssize_t length;
    PyObject *message = PyObject_CallFunctionObjArgs(self->otherwise, record, NULL); /* owned */
    if (message == NULL) {
        return FAILED;
    }
    int answer = PyBytes_AsStringAndSize(message, &content, &length);
    if (answer == 0) {
        answer = output_add(out, content, (size_t)length);
    }
    Py_DECREF(message);
    return answer;
}

static int
write_record(const ProtobufList *self, Output *out, PyObject *record)
{
    char *text;
    Py_ssize_t length;
    size_t begin;
    if (PyBytes_AsStringAndSize(record, &text, &length) < 0
        || output_add(out, self->tag, self->tag_length) < 0 || open_length(out, &begin) < 0) {
        return FAILED;
    }
    Json json = {text, text + length};
    int answer = write_message(out, self->message, &json);
    if (answer == UNUSUAL || (answer == WRITTEN && json.at != json.end)) {
        output_back_to(out, begin + 1);
        answer = write_otherwise(self, out, record);
    }
    return answer == WRITTEN ? close_length(out, begin) : FAILED;
}

static int
write_records(const ProtobufList *self, Output *out, PyObject *records)
{
    for (Py_ssize_t index = 0; index < PyTuple_Size(records); index++) {
        if (write_record(self, out, PyTuple_GetItem(records, index)) != WRITTEN) {
            return FAILED;
        }
    }
    return WRITTEN;
}

static PyObject *
protobuf_encode(PyObject *object, PyObject *given)
{
    PyObject *records = PySequence_Tuple(given); /* owned; a tuple is its own */
    if (records == NULL) {
        return NULL;
    }
    Output out;
    output_begin(&out);
    int answer = write_records((ProtobufList *)object, &out, records);
    PyObject *body = answer == WRITTEN ? output_bytes(&out) : NULL;
    output_end(&out);
    Py_DECREF(records);
    return body;
}

static PyObject *
protobuf_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *fields, *otherwise; /* borrowed */
    unsigned int number;
    if (!PyArg_ParseTuple(args, "IOO:ProtobufList", &number, &fields, &otherwise)) {
        return NULL;
    }
    Message *message = message_new(fields); /* owned by the object, once there is one */
    if (message == NULL) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    ProtobufList *self = (ProtobufList *)allocate(type, 0);
    if (self == NULL) {
        message_free(message);
        return NULL;
    }
    self->message = message;
    self->otherwise = Py_NewRef(otherwise);
    self->tag_length = put_varint(self->tag, (unsigned long long)(number & 0x1FFFFFFF) << 3 | 2);
    return (PyObject *)self;
}

/* Visits what a message and those in it own. */
static int
visit_message(const Message *message, visitproc visit, void *arg)
{
    Py_VISIT(message->specification);
    for (size_t index = 0; index < message->count; index++) {
        if (message->fields[index].message != NULL) {
            int answer = visit_message(message->fields[index].message, visit, arg);
            if (answer != 0) {
                return answer;
            }
        }
    }
    return 0;
}

static int
protobuf_traverse(PyObject *object, visitproc visit, void *arg)
{
    ProtobufList *self = (ProtobufList *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->otherwise);
    return self->message == NULL ? 0 : visit_message(self->message, visit, arg);
}

/* The specification, plain tuples, stays until the end: what is written needs it. */
static int
protobuf_clear(PyObject *object)
{
    PyObject *otherwise = ((ProtobufList *)object)->otherwise;
    ((ProtobufList *)object)->otherwise = Py_NewRef(Py_None);
    Py_XDECREF(otherwise);
    return 0;
}

static void
protobuf_dealloc(PyObject *object)
{
    ProtobufList *self = (ProtobufList *)object;
    PyObject_GC_UnTrack(object);
    message_free(self->message);
    Py_XDECREF(self->otherwise);
    free_object(object);
}

static PyMethodDef protobuf_methods[] = {
    {"encode", protobuf_encode, METH_O,
     "encode($self, records, /)\n--\n\nReturn the message that lists records."},
    {NULL},
};

static PyType_Slot protobuf_slots[] = {
    {Py_tp_doc, "Writes records as the protobuf message that lists them."},
    {Py_tp_new, protobuf_new},
    {Py_tp_dealloc, protobuf_dealloc},
    {Py_tp_traverse, protobuf_traverse},
    {Py_tp_clear, protobuf_clear},
    {Py_tp_methods, protobuf_methods},
    {0, NULL},
};

static PyType_Spec protobuf_spec = {
    .name = "growingio_tracker.core.compiled.ProtobufList",
    .basicsize = sizeof(ProtobufList),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = protobuf_slots,
};

int
add_protobuf(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &protobuf_spec, NULL); /* owned */
    if (type == NULL) {
        return -1;
    }
    int answer = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return answer;
}
