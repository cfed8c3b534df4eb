/* The type Admission: each method is one step. */

#include "admission.h"

#define WITHOUT_BOUND (1LL << 62)

static PyObject *
admission_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Admission *self = (Admission *)allocate(type, 0);
    if (self != NULL) {
        self->max_events = self->max_bytes = WITHOUT_BOUND;
    }
    return (PyObject *)self;
}

int
check_entering(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    if (check_count("enter", count, 2, 2) < 0) {
        return -1;
    }
    CoreState *state = PyType_GetModuleState(Py_TYPE(object));
    if (!Py_IS_TYPE(given[0], state->admission_type)
        || !Py_IS_TYPE(given[1], &PyBytes_Type)) {
        PyErr_SetString(PyExc_TypeError, "enter() takes an Admission and bytes");
        return -1;
    }
    return 0;
}

/* Reads two integers; -1 with an exception set when they are none. */
static int
read_events_and_size(const char *function, PyObject *const *given, Py_ssize_t count,
                     long long *events, long long *size)
{
    if (check_count(function, count, 2, 2) < 0) {
        return -1;
    }
    *events = PyLong_AsLongLong(given[0]);
    *size = PyErr_Occurred() ? -1 : PyLong_AsLongLong(given[1]);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *
admission_came(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    long long events, size;
    if (read_events_and_size("came", given, count, &events, &size) < 0) {
        return NULL;
    }
    STEP_BEGIN(object);
    admission_count((Admission *)object, events, size);
    STEP_END();
    Py_RETURN_NONE;
}

static PyObject *
admission_gone(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    long long events, size;
    if (read_events_and_size("gone", given, count, &events, &size) < 0) {
        return NULL;
    }
    STEP_BEGIN(object);
    admission_count((Admission *)object, -events, -size);
    STEP_END();
    Py_RETURN_NONE;
}

static PyObject *
admission_has_room_for(PyObject *object, PyObject *given)
{
    int found;
    long long size = PyLong_AsLongLong(given);
    if (size == -1 && PyErr_Occurred()) {
        return NULL;
    }
    STEP_BEGIN(object);
    found = admission_has_room((Admission *)object, size);
    STEP_END();
    return PyBool_FromLong(found);
}

static PyObject *
admission_close(PyObject *object, PyObject *unused)
{
    STEP_BEGIN(object);
    ((Admission *)object)->max_events = 0;
    STEP_END();
    Py_RETURN_NONE;
}

static PyObject *
admission_snapshot(PyObject *object, PyObject *unused)
{
    Admission *self = (Admission *)object;
    long long events, size;
    STEP_BEGIN(object);
    events = self->pending;
    size = self->pending_bytes;
    STEP_END();
    return Py_BuildValue("(LL)", events, size);
}

static PyObject *
admission_closed(PyObject *object, void *unused)
{
    return PyBool_FromLong(((Admission *)object)->max_events == 0);
}

static PyMethodDef admission_methods[] = {
    {"came", (PyCFunction)(void (*)(void))admission_came, METH_FASTCALL,
     "came($self, events, size, /)\n--\n\nEvents are pending from now on, whatever the bounds."},
    {"gone", (PyCFunction)(void (*)(void))admission_gone, METH_FASTCALL,
     "gone($self, events, size, /)\n--\n\nEvents are pending no more."},
    {"has_room", admission_has_room_for, METH_O,
     "has_room($self, size, /)\n--\n\nReturn whether a record of so many bytes may come in."},
    {"close", admission_close, METH_NOARGS, "close($self, /)\n--\n\nLet nothing in any more."},
    {"snapshot", admission_snapshot, METH_NOARGS,
     "snapshot($self, /)\n--\n\nReturn pending and pending_bytes of one instant."},
    {NULL},
};

static PyMemberDef admission_members[] = {
    {"pending", T_LONGLONG, offsetof(Admission, pending), 0},
    {"pending_bytes", T_LONGLONG, offsetof(Admission, pending_bytes), 0},
    {"max_events", T_LONGLONG, offsetof(Admission, max_events), 0},
    {"max_bytes", T_LONGLONG, offsetof(Admission, max_bytes), 0},
    {NULL},
};

static PyGetSetDef admission_properties[] = {
    {"closed", admission_closed, NULL, "Whether nothing comes in any more."},
    {NULL},
};

static PyType_Slot admission_slots[] = {
    {Py_tp_doc, "What is pending, and how much may be."},
    {Py_tp_new, admission_new},
    {Py_tp_dealloc, free_object},
    {Py_tp_methods, admission_methods},
    {Py_tp_members, admission_members},
    {Py_tp_getset, admission_properties},
    {0, NULL},
};

/* No GC type: it owns nothing. */
static PyType_Spec admission_spec = {
    .name = "growingio_tracker.core.compiled.Admission",
    .basicsize = sizeof(Admission),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = admission_slots,
};

int
add_admission(PyObject *module, CoreState *state)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &admission_spec, NULL);
    state->admission_type = (PyTypeObject *)type; /* owned by the state */
    return type == NULL ? -1 : PyModule_AddType(module, state->admission_type);
}
