/* The module growingio_tracker.core.compiled: what it is made of, and what it keeps. */

#include "core.h"

static struct PyModuleDef definition;

CoreState *
core_state(PyObject *module)
{
    return (CoreState *)PyModule_GetState(module);
}

int
check_count(const char *function, Py_ssize_t given, Py_ssize_t least, Py_ssize_t most)
{
    if (given >= least && given <= most) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "%s() takes %zd to %zd positional arguments, got %zd", function,
                 least, most, given);
    return -1;
}

void
free_object(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type); /* objects of a heap type own a reference to it */
}

/* Returns module_name.attribute. */
static PyObject *
imported(const char *module_name, const char *attribute)
{
    PyObject *module = PyImport_ImportModule(module_name); /* owned */
    if (module == NULL) {
        return NULL;
    }
    PyObject *found = PyObject_GetAttrString(module, attribute);
    Py_DECREF(module);
    return found;
}

/* Returns msgspec.json.Encoder().encode. */
static PyObject *
msgspec_encode(void)
{
    PyObject *type = imported("msgspec.json", "Encoder"); /* owned */
    if (type == NULL) {
        return NULL;
    }
    PyObject *encoder = PyObject_CallNoArgs(type); /* owned */
    Py_DECREF(type);
    if (encoder == NULL) {
        return NULL;
    }
    PyObject *encode = PyObject_GetAttrString(encoder, "encode");
    Py_DECREF(encoder);
    return encode;
}

static int
fill_state(CoreState *state)
{
    state->not_plain = imported("growingio_tracker.core.contract", "NOT_PLAIN");
    state->encode_float = msgspec_encode();
    state->time_module = PyImport_ImportModule("time");
    state->time_ns_name = PyUnicode_InternFromString("time_ns");
    if (state->not_plain == NULL || state->encode_float == NULL || state->time_module == NULL
        || state->time_ns_name == NULL) {
        return -1;
    }
    return 0;
}

static int
module_exec(PyObject *module)
{
    CoreState *state = core_state(module);
    if (fill_state(state) < 0 || add_admission(module, state) < 0 || add_ring(module, state) < 0
        || add_frame(module) < 0 || add_entries(module) < 0 || add_journal(module, state) < 0
        || add_receipt(module, state) < 0 || add_entrance(module, state) < 0
        || add_short_way(module, state) < 0 || add_events(module, state) < 0
        || add_calls(module) < 0 || add_method(module) < 0 || add_planned(module) < 0
        || add_join(module) < 0 || add_protobuf(module) < 0 || add_process(module) < 0) {
        return -1;
    }
    return 0;
}

static int
module_traverse(PyObject *module, visitproc visit, void *arg)
{
    CoreState *state = core_state(module);
    Py_VISIT(state->not_plain);
    Py_VISIT(state->encode_float);
    Py_VISIT(state->time_module);
    Py_VISIT(state->time_ns_name);
    Py_VISIT(state->admission_type);
    Py_VISIT(state->ring_type);
    Py_VISIT(state->segment_type);
    Py_VISIT(state->journal_type);
    Py_VISIT(state->receipt_type);
    Py_VISIT(state->entrance_type);
    Py_VISIT(state->short_way_type);
    Py_VISIT(state->events_type);
    return 0;
}

static int
module_clear(PyObject *module)
{
    CoreState *state = core_state(module);
    Py_CLEAR(state->not_plain);
    Py_CLEAR(state->encode_float);
    Py_CLEAR(state->time_module);
    Py_CLEAR(state->time_ns_name);
    Py_CLEAR(state->admission_type);
    Py_CLEAR(state->ring_type);
    Py_CLEAR(state->segment_type);
    Py_CLEAR(state->journal_type);
    Py_CLEAR(state->receipt_type);
    Py_CLEAR(state->entrance_type);
    Py_CLEAR(state->short_way_type);
    Py_CLEAR(state->events_type);
    return 0;
}

static void
module_free(void *module)
{
    module_clear((PyObject *)module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)module_exec},
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "growingio_tracker.core.compiled",
    .m_doc = "The compiled core: the same names as growingio_tracker.core.pure, and what they do.",
    .m_size = sizeof(CoreState),
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC
PyInit_compiled(void)
{
    return PyModuleDef_Init(&definition);
}
