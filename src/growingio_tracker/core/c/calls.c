/* PlainCalls: a whole call that tracks a plain event, from what it was given to its receipt. */

#include "calls.h"

typedef struct {
    PyObject_HEAD
    PyObject *events;   /* owned: PlainEvents */
    PyObject *way;      /* owned: ShortWay */
    PyObject *accept;   /* owned: takes in what does not go the short way */
    PyObject *kind;     /* owned: what accept() is told besides the record */
    PyObject *bindings; /* owned: returns None where nothing is bound */
    CoreState *state;   /* the module's, which lives as long as this object's type */
} PlainCalls;

/* Hands the record over, by the short way or else the long one; returns what that returns. */
static PyObject *
hand_over(PlainCalls *self, PyObject *record)
{
    PyObject *receipt;
    int answer = short_way_offer((ShortWay *)self->way, record, &receipt);
    if (answer != 0) {
        return answer == 1 ? receipt : NULL;
    }
    return PyObject_CallFunctionObjArgs(self->accept, self->kind, record, NULL);
}

/* Does what calls_track_plain() does, whatever is bound. */
static PyObject *
take_plain(PlainCalls *self, PyObject **arguments, const Output *written)
{
    PyObject *record; /* owned, once it is made */
    arguments[TIME] = Py_None;
    if (events_record((PlainEvents *)self->events, arguments, written, &record) != WRITTEN) {
        return NULL;
    }
    PyObject *receipt = hand_over(self, record);
    Py_DECREF(record);
    return receipt;
}

static PyObject *
track_plain(PlainCalls *self, PyObject **arguments, const Output *written)
{
    PyObject *bound = PyObject_CallNoArgs(self->bindings); /* owned */
    if (bound == NULL) {
        return NULL;
    }
    Py_DECREF(bound);
    return bound == Py_None ? take_plain(self, arguments, written) : NULL;
}

/* What a method returns for what one of the two returned. */
static PyObject *
or_not_plain(const PlainCalls *self, PyObject *receipt)
{
    return receipt == NULL && !PyErr_Occurred() ? Py_NewRef(self->state->not_plain) : receipt;
}

static PyObject *
calls_take(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    PyObject *arguments[ARGUMENTS]; /* borrowed */
    if (check_count("take", count, FIELDS, FIELDS) < 0) {
        return NULL;
    }
    memcpy(arguments, given, FIELDS * sizeof(*given));
    return or_not_plain((PlainCalls *)object,
                        take_plain((PlainCalls *)object, arguments, NULL));
}

static PyObject *
calls_track(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    PyObject *arguments[ARGUMENTS]; /* borrowed */
    if (check_count("track", count, FIELDS, FIELDS) < 0) {
        return NULL;
    }
    memcpy(arguments, given, FIELDS * sizeof(*given));
    return or_not_plain((PlainCalls *)object,
                        track_plain((PlainCalls *)object, arguments, NULL));
}

static PyObject *
calls_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *events, *way, *accept, *kind, *bindings; /* borrowed */
    CoreState *state = PyType_GetModuleState(type);
    if (!PyArg_ParseTuple(args, "O!O!OOO:PlainCalls", state->events_type, &events,
                          state->short_way_type, &way, &accept, &kind, &bindings)) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PlainCalls *self = (PlainCalls *)allocate(type, 0);
    if (self != NULL) {
        self->state = state;
        self->events = Py_NewRef(events);
        self->way = Py_NewRef(way);
        self->accept = Py_NewRef(accept);
        self->kind = Py_NewRef(kind);
        self->bindings = Py_NewRef(bindings);
    }
    return (PyObject *)self;
}

static int
calls_traverse(PyObject *object, visitproc visit, void *arg)
{
    PlainCalls *self = (PlainCalls *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->events);
    Py_VISIT(self->way);
    Py_VISIT(self->accept);
    Py_VISIT(self->kind);
    Py_VISIT(self->bindings);
    return 0;
}

/* Only what can be part of a cycle: who still calls finds the rest in its place, and None to
   accept its record. */
static int
calls_clear(PyObject *object)
{
    PlainCalls *self = (PlainCalls *)object;
    PyObject *accept = self->accept;
    self->accept = Py_NewRef(Py_None);
    Py_XDECREF(accept);
    return 0;
}

static void
calls_dealloc(PyObject *object)
{
    PlainCalls *self = (PlainCalls *)object;
    PyObject_GC_UnTrack(object);
    Py_CLEAR(self->events);
    Py_CLEAR(self->way);
    Py_CLEAR(self->accept);
    Py_CLEAR(self->kind);
    Py_CLEAR(self->bindings);
    free_object(object);
}

/* Its dealloc tells the type in every interpreter. */
PyObject *
calls_track_plain(PyObject *calls, PyObject **arguments, const Output *written)
{
    void *dealloc = PyType_GetSlot(Py_TYPE(calls), Py_tp_dealloc);
    return dealloc == (void *)calls_dealloc ? track_plain((PlainCalls *)calls, arguments, written)
                                            : NULL;
}

static PyMethodDef calls_methods[] = {
    {"track", (PyCFunction)(void (*)(void))calls_track, METH_FASTCALL,
     "track($self, event_name, login_user_key, login_user_id, anonymous_id, attributes, /)\n--\n\n"
     "Track an event of now and return its receipt; NOT_PLAIN when it is not, or something is bound."},
    {"take", (PyCFunction)(void (*)(void))calls_take, METH_FASTCALL,
     "take($self, event_name, login_user_key, login_user_id, anonymous_id, attributes, /)\n--\n\n"
     "Do the same whatever is bound."},
    {NULL},
};

static PyType_Slot calls_slots[] = {
    {Py_tp_doc, "Whole calls that track plain events, from what they were given to a receipt."},
    {Py_tp_new, calls_new},
    {Py_tp_dealloc, calls_dealloc},
    {Py_tp_traverse, calls_traverse},
    {Py_tp_clear, calls_clear},
    {Py_tp_methods, calls_methods},
    {0, NULL},
};

static PyType_Spec calls_spec = {
    .name = "growingio_tracker.core.compiled.PlainCalls",
    .basicsize = sizeof(PlainCalls),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = calls_slots,
};

int
add_calls(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &calls_spec, NULL); /* owned */
    if (type == NULL) {
        return -1;
    }
    int answer = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return answer;
}
