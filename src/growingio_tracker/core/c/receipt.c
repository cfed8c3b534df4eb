/* The type ReceiptBase, which the class of receipts extends. */

#include "receipt.h"

static PyObject *
receipt_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *outcomes; /* borrowed */
    long long lane, seq;
    if (!PyArg_ParseTuple(args, "OLL:ReceiptBase", &outcomes, &lane, &seq)) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Receipt *self = (Receipt *)allocate(type, 0);
    if (self != NULL) {
        self->outcomes = Py_NewRef(outcomes);
        self->lane = lane;
        self->seq = seq;
    }
    return (PyObject *)self;
}

static int
receipt_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((Receipt *)object)->outcomes);
    return 0;
}

static int
receipt_clear(PyObject *object)
{
    Py_CLEAR(((Receipt *)object)->outcomes);
    return 0;
}

static void
receipt_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    receipt_clear(object);
    free_object(object);
}

static PyMemberDef receipt_members[] = {
    {"_outcomes", T_OBJECT, offsetof(Receipt, outcomes), READONLY},
    {"_lane", T_LONGLONG, offsetof(Receipt, lane), READONLY},
    {"_seq", T_LONGLONG, offsetof(Receipt, seq), READONLY},
    {NULL},
};

static PyType_Slot receipt_slots[] = {
    {Py_tp_doc, "Where the event of one call is: who knows its outcome, its lane, its seq."},
    {Py_tp_new, receipt_new},
    {Py_tp_dealloc, receipt_dealloc},
    {Py_tp_traverse, receipt_traverse},
    {Py_tp_clear, receipt_clear},
    {Py_tp_members, receipt_members},
    {0, NULL},
};

static PyType_Spec receipt_spec = {
    .name = "growingio_tracker.core.compiled.ReceiptBase",
    .basicsize = sizeof(Receipt),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = receipt_slots,
};

int
add_receipt(PyObject *module, CoreState *state)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &receipt_spec, NULL);
    state->receipt_type = (PyTypeObject *)type; /* owned by the state */
    return type == NULL ? -1 : PyModule_AddType(module, state->receipt_type);
}
