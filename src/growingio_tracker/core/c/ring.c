/* The type Ring: each method is one step, as other threads and signal handlers see it. */

#include "ring.h"

#define LEAST_CAPACITY 64
#define KEPT_CAPACITY 4096 /* an empty ring gives back what is larger */

static inline Slot *
slot_at(const Ring *self, size_t index)
{
    return &self->slots[(self->first + index) & (self->capacity - 1)];
}

/* The size of a record that is in the ring, and therefore bytes. */
static inline long long
size_of(PyObject *record)
{
    return (long long)PyBytes_Size(record);
}

static int
ring_resize(Ring *self, size_t capacity)
{
    Slot *slots = PyMem_Malloc(capacity * sizeof(Slot));
    if (slots == NULL) {
        return -1;
    }
    for (size_t index = 0; index < self->count; index++) {
        slots[index] = *slot_at(self, index);
    }
    PyMem_Free(self->slots);
    self->slots = slots;
    self->capacity = capacity;
    self->first = 0;
    return 0;
}

/* Makes room for so many in all; -1, without an exception set, when there is no memory. */
static int
ring_reserve(Ring *self, size_t count)
{
    size_t capacity = self->capacity == 0 ? LEAST_CAPACITY : self->capacity;
    while (capacity < count) {
        capacity *= 2;
    }
    return capacity == self->capacity ? 0 : ring_resize(self, capacity);
}

/* Whether a record of `size` bytes that comes next begins a wait or fills a batch. */
static inline int
is_news(const Ring *self, long long size)
{
    return self->count == 0 || (long long)self->count + 1 == self->max_events
           || (self->size < self->max_bytes && self->size + size >= self->max_bytes);
}

/* Returns the seq. There is room for one more. */
static long long
ring_append(Ring *self, PyObject *record, long long size)
{
    long long seq = self->next_seq++;
    *slot_at(self, self->count) = (Slot){Py_NewRef(record), seq};
    self->count++;
    self->size += size;
    return seq;
}

long long
ring_enter(Ring *self, Admission *admission, PyObject *record, int news_too)
{
    long long size = size_of(record), entered = NOT_LET_IN;
    int failed = 0;
    STEP_BEGIN_2((PyObject *)self, (PyObject *)admission);
    int news = is_news(self, size);
    if (admission_has_room(admission, size) && (news_too || !news)) {
        failed = ring_reserve(self, self->count + 1);
        if (!failed) {
            admission_count(admission, 1, size);
            long long seq = ring_append(self, record, size);
            entered = news ? NEWS - seq : seq;
        }
    }
    STEP_END_2();
    if (failed) {
        PyErr_NoMemory();
    }
    return entered;
}

static PyObject *
ring_enter_method(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    if (check_entering(object, given, count) < 0) {
        return NULL;
    }
    long long entered = ring_enter((Ring *)object, (Admission *)given[0], given[1], 1);
    return entered == NOT_LET_IN && PyErr_Occurred() ? NULL : PyLong_FromLongLong(entered);
}

static long long
first_seq(const Ring *self)
{
    return self->count == 0 ? self->next_seq : slot_at(self, 0)->seq;
}

static PyObject *
ring_first_seq(PyObject *object, PyObject *unused)
{
    long long seq;
    STEP_BEGIN(object);
    seq = first_seq((Ring *)object);
    STEP_END();
    return PyLong_FromLongLong(seq);
}

static PyObject *
ring_came_back(PyObject *object, PyObject *unused)
{
    return PyBool_FromLong(((Ring *)object)->returned > 0);
}

static Py_ssize_t
ring_length(PyObject *object)
{
    return (Py_ssize_t)((Ring *)object)->count;
}

/* What one batch takes. */
typedef struct {
    long long first;
    size_t count;
    long long size;
} Portion;

/* As many of the oldest as fit, at least one, and none behind a gap. */
static Portion
next_portion(const Ring *self)
{
    Portion found = {first_seq(self), 0, 0};
    while (found.count < self->count && (long long)found.count < self->max_events) {
        const Slot *slot = slot_at(self, found.count);
        long long size = size_of(slot->record);
        int fits = found.size + size <= self->max_bytes
                   && slot->seq == found.first + (long long)found.count;
        if (found.count > 0 && !fits) {
            break;
        }
        found.count++;
        found.size += size;
    }
    return found;
}

/* Forgets the oldest records, whose references are the caller's from now on. */
static void
forget_oldest(Ring *self, size_t count, long long size)
{
    self->first = (self->first + count) & (self->capacity - 1);
    self->count -= count;
    self->size -= size;
    self->returned -= count < self->returned ? count : self->returned;
    if (self->count == 0 && self->capacity > KEPT_CAPACITY) {
        PyMem_Free(self->slots);
        self->slots = NULL;
        self->capacity = self->first = 0;
    }
}

/* Moves a portion into `records`, an empty tuple of its length; 0 if it is no longer the next. */
static int
move_portion(Ring *self, Portion wanted, PyObject *records)
{
    int moved;
    STEP_BEGIN((PyObject *)self);
    Portion now = next_portion(self);
    moved = now.first == wanted.first && now.count == wanted.count && now.size == wanted.size;
    if (moved && wanted.count > 0) {
        for (size_t index = 0; index < wanted.count; index++) {
            PyTuple_SetItem(records, (Py_ssize_t)index, slot_at(self, index)->record);
        }
        forget_oldest(self, wanted.count, wanted.size);
    }
    STEP_END();
    return moved;
}

/* Making the objects of the answer may collect garbage, and so run a finalizer that tracks: what
   is next is looked at again when nothing remains to be made. */
static PyObject *
ring_take(PyObject *object, PyObject *unused)
{
    Ring *self = (Ring *)object;
    for (;;) {
        Portion next;
        STEP_BEGIN(object);
        next = next_portion(self);
        STEP_END();
        PyObject *records = PyTuple_New((Py_ssize_t)next.count);
        if (records == NULL) {
            return NULL;
        }
        /* The answer owns `records`, which is filled through this borrowed reference. */
        PyObject *answer = Py_BuildValue("(LNL)", next.first, records, next.size);
        if (answer == NULL) {
            return NULL;
        }
        if (move_portion(self, next, records)) {
            return answer;
        }
        Py_DECREF(answer);
    }
}

static int
are_bytes(PyObject *records)
{
    if (!PyTuple_Check(records)) {
        PyErr_SetString(PyExc_TypeError, "put_back() takes a batch, whose records are a tuple");
        return 0;
    }
    for (Py_ssize_t index = 0; index < PyTuple_Size(records); index++) {
        if (!Py_IS_TYPE(PyTuple_GetItem(records, index), &PyBytes_Type)) {
            PyErr_SetString(PyExc_TypeError, "put_back() takes a batch, whose records are bytes");
            return 0;
        }
    }
    return 1;
}

static void
prepend(Ring *self, PyObject *record, long long seq)
{
    self->first = (self->first - 1) & (self->capacity - 1);
    self->count++;
    *slot_at(self, 0) = (Slot){Py_NewRef(record), seq};
    self->size += size_of(record);
    self->returned++;
}

/* Puts records, a tuple of bytes, at the head again. */
static PyObject *
put_back(Ring *self, PyObject *records, long long first)
{
    Py_ssize_t count = PyTuple_Size(records);
    int failed;
    STEP_BEGIN((PyObject *)self);
    failed = ring_reserve(self, self->count + (size_t)count);
    for (Py_ssize_t index = count - 1; !failed && index >= 0; index--) {
        prepend(self, PyTuple_GetItem(records, index), first + index);
    }
    STEP_END();
    if (failed) {
        return PyErr_NoMemory();
    }
    Py_RETURN_NONE;
}

static PyObject *
ring_put_back(PyObject *object, PyObject *batch)
{
    PyObject *records = PyObject_GetAttrString(batch, "records"); /* owned */
    PyObject *seq = PyObject_GetAttrString(batch, "first_seq");   /* owned */
    PyObject *answer = NULL;
    if (records != NULL && seq != NULL && are_bytes(records)) {
        long long first = PyLong_AsLongLong(seq);
        answer = first == -1 && PyErr_Occurred() ? NULL : put_back((Ring *)object, records, first);
    }
    Py_XDECREF(records);
    Py_XDECREF(seq);
    return answer;
}

static PyObject *
ring_drop_oldest(PyObject *object, PyObject *unused)
{
    Ring *self = (Ring *)object;
    PyObject *record = NULL; /* owned, once it is forgotten */
    STEP_BEGIN(object);
    if (self->count > 0) {
        record = slot_at(self, 0)->record;
        forget_oldest(self, 1, size_of(record));
    }
    STEP_END();
    if (record == NULL) {
        PyErr_SetString(PyExc_IndexError, "nothing waits in this lane");
        return NULL;
    }
    long long size = size_of(record);
    Py_DECREF(record);
    return PyLong_FromLongLong(size);
}

/* Lets go of `count` records in a circle of slots, and of the slots. */
static void
free_slots(Slot *slots, size_t capacity, size_t first, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        Py_DECREF(slots[(first + index) & (capacity - 1)].record);
    }
    PyMem_Free(slots);
}

static PyObject *
ring_drop_all(PyObject *object, PyObject *unused)
{
    Ring *self = (Ring *)object;
    Slot *slots;
    size_t capacity, first, count;
    long long size;
    STEP_BEGIN(object);
    slots = self->slots;
    capacity = self->capacity;
    first = self->first;
    count = self->count;
    size = self->size;
    self->slots = NULL;
    self->capacity = self->first = self->count = self->returned = 0;
    self->size = 0;
    STEP_END();
    free_slots(slots, capacity, first, count);
    return Py_BuildValue("(nL)", (Py_ssize_t)count, size);
}

static PyObject *
ring_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    long long max_events, max_bytes;
    if (!PyArg_ParseTuple(args, "LL:Ring", &max_events, &max_bytes)) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Ring *self = (Ring *)allocate(type, 0);
    if (self != NULL) {
        self->max_events = max_events;
        self->max_bytes = max_bytes;
    }
    return (PyObject *)self;
}

static void
ring_dealloc(PyObject *object)
{
    Ring *self = (Ring *)object;
    free_slots(self->slots, self->capacity, self->first, self->count);
    free_object(object);
}

static PyMethodDef ring_methods[] = {
    {"enter", (PyCFunction)(void (*)(void))ring_enter_method, METH_FASTCALL,
     "enter($self, admission, record, /)\n--\n\nLet one record in and count it, if there is room."},
    {"first_seq", ring_first_seq, METH_NOARGS,
     "first_seq($self, /)\n--\n\nReturn the seq of the oldest; next_seq if none waits."},
    {"came_back", ring_came_back, METH_NOARGS,
     "came_back($self, /)\n--\n\nReturn whether the oldest has waited here before."},
    {"take", ring_take, METH_NOARGS,
     "take($self, /)\n--\n\nTake out the next batch: first seq, records, size."},
    {"put_back", ring_put_back, METH_O,
     "put_back($self, batch, /)\n--\n\nLet records that were taken wait at the head again."},
    {"drop_oldest", ring_drop_oldest, METH_NOARGS,
     "drop_oldest($self, /)\n--\n\nDrop the oldest; return its size."},
    {"drop_all", ring_drop_all, METH_NOARGS,
     "drop_all($self, /)\n--\n\nDrop what waits; return how many, and their size."},
    {NULL},
};

static PyMemberDef ring_members[] = {
    {"size", T_LONGLONG, offsetof(Ring, size), READONLY},
    {"next_seq", T_LONGLONG, offsetof(Ring, next_seq), READONLY},
    {NULL},
};

static PyType_Slot ring_slots[] = {
    {Py_tp_doc, "The records of one lane that wait in memory, oldest first."},
    {Py_tp_new, ring_new},
    {Py_tp_dealloc, ring_dealloc},
    {Py_tp_methods, ring_methods},
    {Py_tp_members, ring_members},
    {Py_sq_length, ring_length},
    {0, NULL},
};

/* No GC type: it owns nothing but exact bytes, which refer to nothing. */
static PyType_Spec ring_spec = {
    .name = "growingio_tracker.core.compiled.Ring",
    .basicsize = sizeof(Ring),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = ring_slots,
};

int
add_ring(PyObject *module, CoreState *state)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &ring_spec, NULL);
    state->ring_type = (PyTypeObject *)type; /* owned by the state */
    return type == NULL ? -1 : PyModule_AddType(module, state->ring_type);
}
