/* Entrance: a pipeline's short way into its waiting room, for plain events of this very process.

   It is open while nothing unusual is to be asked: the pipeline is this process's own, its threads
   run, and it is not closing. A forked child finds its parent's entrance shut, whether hooks ran at
   the fork or not, and whatever another thread was doing then. */

#include "entrance.h"

static PyObject *
entrance_open(PyObject *object, PyObject *unused)
{
    ((Entrance *)object)->process = this_process();
    Py_RETURN_NONE;
}

static PyObject *
entrance_shut(PyObject *object, PyObject *unused)
{
    ((Entrance *)object)->process = 0;
    Py_RETURN_NONE;
}

static inline int
is_open(const Entrance *self)
{
    return self->process == this_process();
}

static PyObject *
entrance_is_open(PyObject *object, void *unused)
{
    return PyBool_FromLong(is_open((Entrance *)object));
}

/* Whether this thread is amid a request, so that its event comes from a log handler or the like;
   -1 with an exception set. */
static int
is_sending(const Entrance *self)
{
    if (PySet_Size(self->senders) == 0) {
        return 0;
    }
    PyObject *thread = PyLong_FromUnsignedLong(PyThread_get_thread_ident()); /* owned */
    if (thread == NULL) {
        return -1;
    }
    int found = PySet_Contains(self->senders, thread);
    Py_DECREF(thread);
    return found;
}

/* Returns a receipt that is not filled in yet. */
static Receipt *
new_receipt(const Entrance *self)
{
    return (Receipt *)self->allocate_receipt(self->receipt_type, 0);
}

static int
call_announce(const Entrance *self, PyObject *seq)
{
    PyObject *announce = Py_NewRef(self->announce); /* owned, because it may lead elsewhere */
    PyObject *answer = PyObject_CallFunctionObjArgs(announce, seq, NULL); /* owned */
    Py_DECREF(announce);
    Py_XDECREF(answer);
    return answer == NULL ? -1 : 0;
}

/* Tells the room about a record that begins a wait or fills a batch; -1 with an exception set.
   Where a signal handler raises amid that it is told again, or nobody would ever send. */
static int
tell_news(const Entrance *self, long long seq)
{
    PyObject *type, *value, *traceback;           /* owned until they are restored */
    PyObject *number = PyLong_FromLongLong(seq); /* owned */
    if (number == NULL) {
        return -1;
    }
    int answer = call_announce(self, number);
    if (answer < 0) {
        PyErr_Fetch(&type, &value, &traceback);
        call_announce(self, number);
        PyErr_Restore(type, value, traceback);
    }
    Py_DECREF(number);
    return answer;
}

/* Fills in the receipt of a record that may have been let in, and tells the news: 1, or 0 when it
   must go the long way, -1 on an error. */
static int
note_entered(const Entrance *self, Receipt *receipt, long long lane, long long entered)
{
    if (entered == NOT_LET_IN) {
        return PyErr_Occurred() ? -1 : 0;
    }
    receipt->outcomes = Py_NewRef(self->outcomes);
    receipt->lane = lane;
    receipt->seq = entered >= 0 ? entered : NEWS - entered;
    return entered < 0 && tell_news(self, receipt->seq) < 0 ? -1 : 1;
}

/* Lets the record into the ring; answers as note_entered() does. */
static int
let_in(const Entrance *self, Receipt *receipt, PyObject *record)
{
    int announces = self->announce != Py_None;
    long long entered
        = ring_enter((Ring *)self->ring, (Admission *)self->admission, record, announces);
    return note_entered(self, receipt, self->lane, entered);
}

/* Does the same with the journal there is, with the lock held. Asking for the time may lead the
   entrance to another one, which is why this one is held on to. */
static int
let_in_locked(const Entrance *self, Receipt *receipt, PyObject *record)
{
    if (self->journal == NULL) {
        return 0;
    }
    PyObject *journal = Py_NewRef(self->journal); /* owned */
    long long lane = self->lane;
    int announces = self->announce != Py_None;
    long long entered
        = journal_enter((JournalEnd *)journal, (Admission *)self->admission, record, announces);
    Py_DECREF(journal);
    return note_entered(self, receipt, lane, entered);
}

/* Releases the lock, whatever is wrong. */
static void
release(const Entrance *self)
{
    PyObject *type, *value, *traceback; /* owned until they are restored */
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *released = PyObject_CallNoArgs(self->unlock); /* owned */
    Py_XDECREF(released);
    PyErr_Restore(type, value, traceback);
}

/* Lets the record into the journal; answers as note_entered() does. What happens to a journal
   otherwise is Python, and takes many steps: the lock keeps this one out of them. */
static int
let_in_on_disk(const Entrance *self, Receipt *receipt, PyObject *record)
{
    PyObject *locked = PyObject_CallNoArgs(self->lock); /* owned */
    if (locked == NULL) {
        return -1;
    }
    Py_DECREF(locked);
    int answer = is_open(self) ? let_in_locked(self, receipt, record) : 0;
    release(self);
    return answer;
}

/* Whether there is anything to let a record into, in this process. */
static inline int
leads_somewhere(const Entrance *self)
{
    return is_open(self) && (self->ring != NULL || self->journal != NULL);
}

int
entrance_offer(Entrance *self, PyObject *record, PyObject **receipt)
{
    if (!leads_somewhere(self)) {
        return 0;
    }
    int answer = is_sending(self);
    if (answer != 0) {
        return answer < 0 ? -1 : 0;
    }
    /* Made before anything is changed, because that may collect garbage, and so run anything. */
    Receipt *made = new_receipt(self);
    if (made == NULL) {
        return -1;
    }
    answer = !leads_somewhere(self) ? 0
             : self->ring != NULL  ? let_in(self, made, record)
                                   : let_in_on_disk(self, made, record);
    if (answer != 1) {
        Py_DECREF(made);
        return answer;
    }
    *receipt = (PyObject *)made;
    return 1;
}

static PyObject *
entrance_offer_method(PyObject *object, PyObject *record)
{
    PyObject *receipt;
    if (!Py_IS_TYPE(record, &PyBytes_Type)) {
        PyErr_SetString(PyExc_TypeError, "offer() takes bytes");
        return NULL;
    }
    int answer = entrance_offer((Entrance *)object, record, &receipt);
    return answer == 1 ? receipt : answer < 0 ? NULL : Py_NewRef(Py_None);
}

static int
check_receipt_type(const CoreState *state, PyObject *type)
{
    if (PyType_IsSubtype((PyTypeObject *)type, state->receipt_type)) {
        return 0;
    }
    PyErr_SetString(PyExc_TypeError, "Entrance() takes ReceiptBase or a class that extends it");
    return -1;
}

/* Keeps what acquires and releases the doorway's lock; -1 with an exception set. */
static int
keep_lock(Entrance *self)
{
    if (self->lock != NULL) {
        return 0;
    }
    PyObject *lock = PyObject_GetAttrString(self->doorway, "lock"); /* owned */
    if (lock == NULL) {
        return -1;
    }
    PyObject *acquire = PyObject_GetAttrString(lock, "__enter__"); /* owned by the entrance, */
    PyObject *unlock = PyObject_GetAttrString(lock, "release");    /* both, unless one is missing */
    Py_DECREF(lock);
    if (acquire == NULL || unlock == NULL) {
        Py_XDECREF(acquire);
        Py_XDECREF(unlock);
        return -1;
    }
    self->lock = acquire;
    self->unlock = unlock;
    return 0;
}

static PyObject *
entrance_lead_to(PyObject *object, PyObject *args)
{
    Entrance *self = (Entrance *)object;
    CoreState *state = PyType_GetModuleState(Py_TYPE(object));
    PyObject *journal, *announce; /* borrowed */
    long long lane;
    if (!PyArg_ParseTuple(args, "OLO:lead_to", &journal, &lane, &announce)) {
        return NULL;
    }
    if (journal != Py_None && !Py_IS_TYPE(journal, state->journal_type)) {
        PyErr_SetString(PyExc_TypeError, "lead_to() takes a JournalEnd or None");
        return NULL;
    }
    if (self->ring != NULL || keep_lock(self) < 0) {
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    }
    PyObject *old_journal = self->journal, *old_announce = self->announce; /* owned from here on */
    self->journal = journal == Py_None ? NULL : Py_NewRef(journal);
    self->announce = Py_NewRef(announce);
    self->lane = lane;
    Py_XDECREF(old_journal);
    Py_XDECREF(old_announce);
    Py_RETURN_NONE;
}

static int
check_ring(const CoreState *state, PyObject *ring)
{
    if (ring == Py_None || Py_IS_TYPE(ring, state->ring_type)) {
        return 0;
    }
    PyErr_SetString(PyExc_TypeError, "Entrance() takes a Ring, or None");
    return -1;
}

/* The lock of the last argument, the doorway, is for journals and for the pure core: what is one
   step here needs none. */
static PyObject *
entrance_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *receipt_type, *outcomes, *admission, *ring, *senders, *announce; /* borrowed */
    PyObject *doorway; /* borrowed */
    long long lane;
    CoreState *state = PyType_GetModuleState(type);
    if (!PyArg_ParseTuple(args, "O!OO!OLO!OO:Entrance", &PyType_Type, &receipt_type, &outcomes,
                          state->admission_type, &admission, &ring, &lane, &PySet_Type, &senders,
                          &announce, &doorway)
        || check_receipt_type(state, receipt_type) < 0 || check_ring(state, ring) < 0) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Entrance *self = (Entrance *)allocate(type, 0);
    if (self != NULL) {
        self->receipt_type = (PyTypeObject *)Py_NewRef(receipt_type);
        self->allocate_receipt = (allocfunc)PyType_GetSlot(self->receipt_type, Py_tp_alloc);
        self->outcomes = Py_NewRef(outcomes);
        self->admission = Py_NewRef(admission);
        self->ring = ring == Py_None ? NULL : Py_NewRef(ring);
        self->doorway = Py_NewRef(doorway);
        self->senders = Py_NewRef(senders);
        self->announce = Py_NewRef(announce);
        self->lane = lane;
    }
    return (PyObject *)self;
}

static int
entrance_traverse(PyObject *object, visitproc visit, void *arg)
{
    Entrance *self = (Entrance *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->receipt_type);
    Py_VISIT(self->outcomes);
    Py_VISIT(self->admission);
    Py_VISIT(self->ring);
    Py_VISIT(self->journal);
    Py_VISIT(self->doorway);
    Py_VISIT(self->lock);
    Py_VISIT(self->unlock);
    Py_VISIT(self->senders);
    Py_VISIT(self->announce);
    return 0;
}

/* Who still calls a cleared entrance finds it shut. */
static int
entrance_clear(PyObject *object)
{
    Entrance *self = (Entrance *)object;
    self->process = 0;
    Py_CLEAR(self->outcomes);
    Py_CLEAR(self->admission);
    Py_CLEAR(self->ring);
    Py_CLEAR(self->journal);
    Py_CLEAR(self->doorway);
    Py_CLEAR(self->lock);
    Py_CLEAR(self->unlock);
    Py_CLEAR(self->senders);
    Py_CLEAR(self->announce);
    return 0;
}

static void
entrance_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    entrance_clear(object);
    Py_CLEAR(((Entrance *)object)->receipt_type);
    free_object(object);
}

static PyMethodDef entrance_methods[] = {
    {"open", entrance_open, METH_NOARGS,
     "open($self, /)\n--\n\nLet records in from now on, in this very process."},
    {"shut", entrance_shut, METH_NOARGS, "shut($self, /)\n--\n\nLet nothing in any more."},
    {"lead_to", entrance_lead_to, METH_VARARGS,
     "lead_to($self, journal, lane, announce, /)\n--\n\n"
     "Let records into that journal from now on; None leads nowhere. A ring stays where it is."},
    {"offer", entrance_offer_method, METH_O,
     "offer($self, record, /)\n--\n\n"
     "Let one record in and return its receipt; None when it must go the long way."},
    {NULL},
};

static PyGetSetDef entrance_properties[] = {
    {"is_open", entrance_is_open, NULL, "Whether it is open, in this very process."},
    {NULL},
};

static PyType_Slot entrance_slots[] = {
    {Py_tp_doc, "A pipeline's short way into its waiting room, for plain events of this very process."},
    {Py_tp_new, entrance_new},
    {Py_tp_dealloc, entrance_dealloc},
    {Py_tp_traverse, entrance_traverse},
    {Py_tp_clear, entrance_clear},
    {Py_tp_methods, entrance_methods},
    {Py_tp_getset, entrance_properties},
    {0, NULL},
};

static PyType_Spec entrance_spec = {
    .name = "growingio_tracker.core.compiled.Entrance",
    .basicsize = sizeof(Entrance),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = entrance_slots,
};

int
add_entrance(PyObject *module, CoreState *state)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &entrance_spec, NULL);
    state->entrance_type = (PyTypeObject *)type; /* owned by the state */
    return type == NULL ? -1 : PyModule_AddType(module, state->entrance_type);
}
