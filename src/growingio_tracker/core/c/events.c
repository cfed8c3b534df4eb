/* PlainEvents: the check and the record of a plain event, in one pass over what the call was given. */

#include "events.h"

struct PlainEvents {
    PyObject_HEAD
    Literal head;         /* up to the time: {"eventType":"CUSTOM","timestamp": */
    Literal keys[FIELDS]; /* each key with what surrounds it: ,"eventName": */
    Literal tail;         /* behind the attributes: ,"projectKey":"…"} */
    Py_ssize_t max_bytes;
    CoreState *state; /* the module's, which lives as long as this object's type */
};

/* The Unix time in milliseconds, given or else of now. */
static int
write_time(PlainEvents *self, Output *out, PyObject *given)
{
    if (given != Py_None) {
        long long time_ms = PyLong_AsLongLong(given);
        return time_ms == -1 && PyErr_Occurred() ? FAILED : write_integer(out, time_ms);
    }
    PyObject *time_ns = PyObject_GetAttr(self->state->time_module, self->state->time_ns_name);
    PyObject *now = time_ns == NULL ? NULL : PyObject_CallNoArgs(time_ns);
    long long now_ns = now == NULL ? -1 : PyLong_AsLongLong(now);
    Py_XDECREF(time_ns);
    Py_XDECREF(now);
    return now_ns == -1 && PyErr_Occurred() ? FAILED : write_integer(out, now_ns / 1000000);
}

static int
write_attribute(PlainEvents *self, Output *out, PyObject *key, PyObject *value)
{
    int answer = write_name(out, key);
    if (answer == WRITTEN) {
        answer = output_add(out, ":", 1);
    }
    return answer == WRITTEN ? write_value(out, value, self->state->encode_float) : answer;
}

static int
write_members(PlainEvents *self, Output *out, PyObject *attributes)
{
    PyObject *key, *value; /* borrowed */
    Py_ssize_t position = 0;
    char before = '{';
    while (PyDict_Next(attributes, &position, &key, &value)) {
        int answer = output_add(out, &before, 1);
        if (answer == WRITTEN) {
            answer = write_attribute(self, out, key, value);
        }
        if (answer != WRITTEN) {
            return answer;
        }
        before = ',';
    }
    return before == ',' ? output_add(out, "}", 1) : UNUSUAL; /* it was emptied meanwhile */
}

/* The attributes as an object. Without a GIL another thread may change them, so a copy is read. */
static int
write_attributes(PlainEvents *self, Output *out, PyObject *attributes)
{
    if (!Py_IS_TYPE(attributes, &PyDict_Type)) {
        return UNUSUAL;
    }
#ifdef Py_GIL_DISABLED
    PyObject *copy = PyDict_Copy(attributes); /* owned */
    if (copy == NULL) {
        return FAILED;
    }
    int answer = write_members(self, out, copy);
    Py_DECREF(copy);
    return answer;
#else
    return write_members(self, out, attributes);
#endif
}

/* Whether there is nothing to write: no value, or no attributes. */
static int
is_absent(int field, PyObject *value)
{
    return value == Py_None
           || (field == ATTRIBUTES && Py_IS_TYPE(value, &PyDict_Type) && PyDict_Size(value) == 0);
}

static int
write_field(PlainEvents *self, Output *out, int field, PyObject *value)
{
    if (is_absent(field, value)) {
        return WRITTEN;
    }
    int answer = output_add_literal(out, &self->keys[field]);
    if (answer != WRITTEN) {
        return answer;
    }
    return field == ATTRIBUTES ? write_attributes(self, out, value) : write_name(out, value);
}

/* Whether the event has a name and somebody whom it is about; the texts are looked at later. */
static int
is_about_somebody(PyObject *const *given)
{
    if (given[EVENT_NAME] == Py_None) {
        return 0;
    }
    if (given[USER_ID] != Py_None) {
        return 1;
    }
    return given[USER_KEY] == Py_None && given[DEVICE_ID] != Py_None;
}

static int
write_written(PlainEvents *self, Output *out, const Output *written)
{
    if (output_length(written) == 0) {
        return WRITTEN;
    }
    int answer = output_add_literal(out, &self->keys[ATTRIBUTES]);
    return answer == WRITTEN ? output_add(out, written->start, output_length(written)) : answer;
}

static int
write_event(PlainEvents *self, Output *out, PyObject *const *given, const Output *written)
{
    if (!is_about_somebody(given)) {
        return UNUSUAL;
    }
    int answer = output_add_literal(out, &self->head);
    if (answer == WRITTEN) {
        answer = write_time(self, out, given[TIME]);
    }
    for (int field = 0; field < FIELDS && answer == WRITTEN; field++) {
        answer = write_field(self, out, field, given[field]);
    }
    if (answer == WRITTEN && written != NULL) {
        answer = write_written(self, out, written);
    }
    if (answer == WRITTEN) {
        answer = output_add_literal(out, &self->tail);
    }
    if (answer == WRITTEN && output_length(out) > (size_t)self->max_bytes) {
        return UNUSUAL;
    }
    return answer;
}

int
events_record(PlainEvents *self, PyObject *const *arguments, const Output *written,
              PyObject **record)
{
    Output out;
    output_begin(&out);
    int answer = write_event(self, &out, arguments, written);
    if (answer == WRITTEN) {
        *record = output_bytes(&out);
        answer = *record == NULL ? FAILED : WRITTEN;
    }
    output_end(&out);
    return answer;
}

static PyObject *
events_encode(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    PyObject *record = NULL, *arguments[ARGUMENTS]; /* the arguments are borrowed */
    if (check_count("encode", count, ARGUMENTS - 1, ARGUMENTS) < 0) {
        return NULL;
    }
    memcpy(arguments, given, (size_t)count * sizeof(*given));
    if (count < ARGUMENTS) {
        arguments[TIME] = Py_None;
    }
    int answer = events_record((PlainEvents *)object, arguments, NULL, &record);
    return answer == UNUSUAL ? Py_NewRef(((PlainEvents *)object)->state->not_plain) : record;
}

/* Writes `before`, the name in quotes, a colon, and the value in quotes if there is one. */
static int
write_constant(Output *out, const char *before, PyObject *name, PyObject *value)
{
    int answer = output_add(out, before, strlen(before));
    if (answer == WRITTEN) {
        answer = write_name(out, name);
    }
    if (answer == WRITTEN) {
        answer = output_add(out, ":", 1);
    }
    if (answer == WRITTEN && value != NULL) {
        answer = write_name(out, value);
    }
    if (answer == UNUSUAL) {
        PyErr_SetString(PyExc_ValueError, "names and constants must be non-empty valid text");
    }
    return answer == WRITTEN ? WRITTEN : FAILED;
}

static int
write_head(Output *out, PyObject *tag, PyObject *names)
{
    PyObject *name, *value; /* borrowed */
    if (!PyArg_ParseTuple(tag, "UU", &name, &value)) {
        return FAILED;
    }
    int answer = write_constant(out, "{", name, value);
    return answer == WRITTEN ? write_constant(out, ",", PyTuple_GetItem(names, 0), NULL) : answer;
}

static int
write_tail(Output *out, PyObject *constants)
{
    for (Py_ssize_t at = 0; at < PyTuple_Size(constants); at++) {
        PyObject *name, *value; /* borrowed */
        if (!PyArg_ParseTuple(PyTuple_GetItem(constants, at), "UU", &name, &value)
            || write_constant(out, ",", name, value) < 0) {
            return FAILED;
        }
    }
    return output_add(out, "}", 1);
}

/* Makes all literals; FAILED with an exception set when that cannot be done. */
static int
make_literals(PlainEvents *self, Output *out, PyObject *tag, PyObject *names, PyObject *constants)
{
    if (write_head(out, tag, names) < 0 || literal_make(&self->head, out) < 0) {
        return FAILED;
    }
    for (int field = 0; field < FIELDS; field++) {
        output_back_to(out, 0);
        if (write_constant(out, ",", PyTuple_GetItem(names, field + 1), NULL) < 0
            || literal_make(&self->keys[field], out) < 0) {
            return FAILED;
        }
    }
    output_back_to(out, 0);
    return write_tail(out, constants) < 0 ? FAILED : literal_make(&self->tail, out);
}

static PyObject *
events_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *tag, *names, *constants; /* borrowed */
    Py_ssize_t max_bytes;
    if (!PyArg_ParseTuple(args, "O!O!O!n:PlainEvents", &PyTuple_Type, &tag, &PyTuple_Type, &names,
                          &PyTuple_Type, &constants, &max_bytes)) {
        return NULL;
    }
    if (PyTuple_Size(names) != FIELDS + 1) {
        return PyErr_Format(PyExc_ValueError, "PlainEvents: %d names are needed", FIELDS + 1);
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PlainEvents *self = (PlainEvents *)allocate(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->max_bytes = max_bytes;
    self->state = PyType_GetModuleState(type);
    Output out;
    output_begin(&out);
    int answer = make_literals(self, &out, tag, names, constants);
    output_end(&out);
    if (answer < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void
events_dealloc(PyObject *object)
{
    PlainEvents *self = (PlainEvents *)object;
    literal_free(&self->head);
    for (int field = 0; field < FIELDS; field++) {
        literal_free(&self->keys[field]);
    }
    literal_free(&self->tail);
    free_object(object);
}

static PyMethodDef events_methods[] = {
    {"encode", (PyCFunction)(void (*)(void))events_encode, METH_FASTCALL,
     "encode($self, event_name, login_user_key, login_user_id, anonymous_id, attributes,"
     " time_ms=None, /)\n--\n\n"
     "Return the record of a custom event, or NOT_PLAIN. The time is now unless it is given."},
    {NULL},
};

static PyType_Slot events_slots[] = {
    {Py_tp_doc, "Makes records of plain events, with what all events of a tracker have."},
    {Py_tp_new, events_new},
    {Py_tp_dealloc, events_dealloc},
    {Py_tp_methods, events_methods},
    {0, NULL},
};

/* No GC type: it owns no reference. */
static PyType_Spec events_spec = {
    .name = "growingio_tracker.core.compiled.PlainEvents",
    .basicsize = sizeof(PlainEvents),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = events_slots,
};

int
add_events(PyObject *module, CoreState *state)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &events_spec, NULL);
    state->events_type = (PyTypeObject *)type; /* owned by the state */
    return type == NULL ? -1 : PyModule_AddType(module, state->events_type);
}
