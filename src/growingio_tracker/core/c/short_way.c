/* The type ShortWay: what trackers keep, and it leads to the entrance of the pipeline there is. */

#include "entrance.h"

int
short_way_offer(ShortWay *self, PyObject *record, PyObject **receipt)
{
    PyObject *entrance; /* owned, because announcing may lead elsewhere */
    STEP_BEGIN((PyObject *)self);
    entrance = self->entrance;
    Py_XINCREF(entrance);
    STEP_END();
    if (entrance == NULL) {
        return 0;
    }
    int answer = entrance_offer((Entrance *)entrance, record, receipt);
    Py_DECREF(entrance);
    return answer;
}

static PyObject *
short_way_lead_to(PyObject *object, PyObject *entrance)
{
    ShortWay *self = (ShortWay *)object;
    CoreState *state = PyType_GetModuleState(Py_TYPE(object));
    if (entrance == Py_None) {
        entrance = NULL;
    }
    else if (!Py_IS_TYPE(entrance, state->entrance_type)) {
        PyErr_SetString(PyExc_TypeError, "lead_to() takes an Entrance or None");
        return NULL;
    }
    Py_XINCREF(entrance);
    PyObject *old; /* owned, once another one is in its place */
    STEP_BEGIN(object);
    old = self->entrance;
    self->entrance = entrance;
    STEP_END();
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

static PyObject *
short_way_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return allocate(type, 0);
}

static int
short_way_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((ShortWay *)object)->entrance);
    return 0;
}

static int
short_way_clear(PyObject *object)
{
    Py_CLEAR(((ShortWay *)object)->entrance);
    return 0;
}

static void
short_way_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    short_way_clear(object);
    free_object(object);
}

static PyMethodDef short_way_methods[] = {
    {"lead_to", short_way_lead_to, METH_O,
     "lead_to($self, entrance, /)\n--\n\nLead to that entrance from now on; None leads nowhere."},
    {NULL},
};

static PyType_Slot short_way_slots[] = {
    {Py_tp_doc, "What trackers keep of a consumer: it leads to the entrance that is there now."},
    {Py_tp_new, short_way_new},
    {Py_tp_dealloc, short_way_dealloc},
    {Py_tp_traverse, short_way_traverse},
    {Py_tp_clear, short_way_clear},
    {Py_tp_methods, short_way_methods},
    {0, NULL},
};

static PyType_Spec short_way_spec = {
    .name = "growingio_tracker.core.compiled.ShortWay",
    .basicsize = sizeof(ShortWay),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = short_way_slots,
};

int
add_short_way(PyObject *module, CoreState *state)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &short_way_spec, NULL);
    state->short_way_type = (PyTypeObject *)type; /* owned by the state */
    return type == NULL ? -1 : PyModule_AddType(module, state->short_way_type);
}
