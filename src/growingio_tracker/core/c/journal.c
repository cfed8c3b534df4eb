/* The types SegmentBase and JournalEnd: one record more on disk is one step. */

#include "journal.h"

#include "direct.h"
#include "frame.h"
#include "ring.h"

#define SLOT_BYTES 16
#define USUAL_BYTES 2048        /* a longer frame is put together on the heap */
#define SLOW_NS 100000000LL     /* a write that took so long */
#define REST_NS 1000000000LL    /* sends records the long way, which lets other threads run */
#define LOOK_EVERY_NS 50000LL   /* looking costs a fifth of a call */

/* When the record enters: 0, or -1 with an exception set. The answer of a steady clock, which
   also tells how long a write takes, is `*begun_ns`; -1 when there is none. */
static int
tell_time(const JournalEnd *self, long long *at_ms, long long *begun_ns)
{
    *begun_ns = self->wall_ms < 0 ? -1 : steady_ns();
    if (*begun_ns >= 0) {
        *at_ms = self->wall_ms + *begun_ns / 1000000;
        return 0;
    }
    PyObject *now = PyObject_CallNoArgs(self->now_ms); /* owned */
    *at_ms = now == NULL ? -1 : PyLong_AsLongLong(now);
    Py_XDECREF(now);
    return *at_ms == -1 && PyErr_Occurred() ? -1 : 0;
}

/* Whether a record may be written now, without anything else to do. */
static int
is_usual(const JournalEnd *self, const Segment *segment, long long now_ns)
{
    return segment->number >= 0 && segment->size < self->segment_bytes && !self->is_let_go
           && (now_ns < 0 || now_ns >= self->rests_until_ns);
}

static int
is_news(const JournalEnd *self, long long size)
{
    return self->waiting == 0 || self->waiting + 1 == self->max_events
           || (self->size < self->max_bytes && self->size + size >= self->max_bytes);
}

/* Whether nobody has removed the segment's file, as far as the last look at it tells. What enters
   between the removal and the next look is lost with what had entered before, and counted with it. */
static int
is_there(JournalEnd *self, const Segment *segment, long long now_ns)
{
    if (now_ns >= 0 && now_ns - self->looked_ns < LOOK_EVERY_NS) {
        return 1;
    }
    if (!has_name((int)segment->number)) {
        return 0;
    }
    self->looked_ns = now_ns;
    return 1;
}

/* Puts the frame together and writes it; 0 when that fails, and nothing has changed. */
static int
write_frame(int number, const Frame *frame)
{
    char usual[USUAL_BYTES];
    size_t length = HEAD_BYTES + frame->length;
    char *bytes = length <= USUAL_BYTES ? usual : PyMem_Malloc(length);
    if (bytes == NULL) {
        return 0;
    }
    frame_put_head(bytes, frame);
    memcpy(bytes + HEAD_BYTES, frame->record, frame->length);
    int is_written = append_whole(number, bytes, length);
    if (bytes != usual) {
        PyMem_Free(bytes);
    }
    return is_written;
}

/* Writes down the number of the next record, beside the last one that was. */
static void
note_entered(const JournalEnd *self)
{
    unsigned long long seq = (unsigned long long)self->entered;
    char *slot = self->page + self->slots_at + (seq & 1) * SLOT_BYTES;
    put_eight_bytes(slot, seq);
    put_eight_bytes(slot + 8, ~seq);
}

/* Counts a record that was written. */
static void
count_entered(JournalEnd *self, Segment *segment, Admission *admission, const Frame *frame)
{
    long long size = (long long)frame->length;
    self->entered = segment->end = frame->seq + 1;
    segment->size += HEAD_BYTES + size;
    segment->events++;
    segment->payload += size;
    note_entered(self);
    if (self->waiting == 0 || frame->seq < self->first) {
        self->first = frame->seq;
    }
    self->waiting++;
    self->size += size;
    admission_count(admission, 1, size);
}

/* Leaves a disk alone for a while that has let a write wait. */
static void
watch(JournalEnd *self, long long begun_ns)
{
    long long now_ns = begun_ns < 0 ? -1 : steady_ns();
    if (now_ns - begun_ns > SLOW_NS) {
        self->rests_until_ns = now_ns + REST_NS;
    }
}

/* Does what journal_enter() does, once the time is known. */
static long long
enter_at(JournalEnd *self, Admission *admission, Frame *frame, long long begun_ns, int news_too)
{
    Segment *segment = (Segment *)self->newest;
    int news = is_news(self, (long long)frame->length);
    if (self->page == NULL || self->newest == Py_None || (news && !news_too)
        || !admission_has_room(admission, (long long)frame->length)
        || !is_usual(self, segment, begun_ns) || !is_there(self, segment, begun_ns)) {
        return NOT_LET_IN;
    }
    frame->kind = self->kind;
    frame->seq = self->entered;
    int is_written = write_frame((int)segment->number, frame);
    watch(self, begun_ns);
    if (!is_written) {
        return NOT_LET_IN;
    }
    count_entered(self, segment, admission, frame);
    return news ? NEWS - frame->seq : frame->seq;
}

long long
journal_enter(JournalEnd *self, Admission *admission, PyObject *record, int news_too)
{
    Frame frame = {.record = PyBytes_AsString(record), .length = (size_t)PyBytes_Size(record)};
    long long begun_ns, entered;
    if (self->page == NULL || tell_time(self, &frame.at_ms, &begun_ns) < 0) {
        return NOT_LET_IN;
    }
    STEP_BEGIN_2((PyObject *)self, (PyObject *)admission);
    entered = enter_at(self, admission, &frame, begun_ns, news_too);
    STEP_END_2();
    return entered;
}

static PyObject *
journal_enter_method(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    if (check_entering(object, given, count) < 0) {
        return NULL;
    }
    long long entered = journal_enter((JournalEnd *)object, (Admission *)given[0], given[1], 1);
    return entered == NOT_LET_IN && PyErr_Occurred() ? NULL : PyLong_FromLongLong(entered);
}

static PyObject *
journal_keep_time(PyObject *object, PyObject *args)
{
    JournalEnd *self = (JournalEnd *)object;
    PyObject *now_ms, *wall_ms; /* borrowed */
    if (!PyArg_ParseTuple(args, "OO:keep_time", &now_ms, &wall_ms)) {
        return NULL;
    }
    long long offset = wall_ms == Py_None ? -1 : PyLong_AsLongLong(wall_ms);
    if (PyErr_Occurred()) {
        return NULL;
    }
    PyObject *before = self->now_ms; /* owned from here on */
    self->now_ms = Py_NewRef(now_ms);
    self->wall_ms = offset;
    Py_DECREF(before);
    Py_RETURN_NONE;
}

static void
unmap(JournalEnd *self)
{
    char *page = self->page;
    self->page = NULL;
    unmap_page(page);
}

static PyObject *
journal_write_directly(PyObject *object, PyObject *args)
{
    JournalEnd *self = (JournalEnd *)object;
    int number, slots_at;
    if (!PyArg_ParseTuple(args, "ii:write_directly", &number, &slots_at)) {
        return NULL;
    }
    if (self->page == NULL) {
        self->slots_at = (size_t)slots_at;
        self->page = map_page(number);
    }
    Py_RETURN_NONE;
}

static PyObject *
journal_close(PyObject *object, PyObject *unused)
{
    unmap((JournalEnd *)object);
    Py_RETURN_NONE;
}

static PyObject *
journal_get_newest(PyObject *object, void *unused)
{
    return Py_NewRef(((JournalEnd *)object)->newest);
}

static int
journal_set_newest(PyObject *object, PyObject *segment, void *unused)
{
    CoreState *state = PyType_GetModuleState(Py_TYPE(object));
    if (segment == NULL
        || (segment != Py_None && !PyType_IsSubtype(Py_TYPE(segment), state->segment_type))) {
        PyErr_SetString(PyExc_TypeError, "newest is a segment, or None");
        return -1;
    }
    PyObject *before = ((JournalEnd *)object)->newest; /* owned from here on */
    ((JournalEnd *)object)->newest = Py_NewRef(segment);
    Py_DECREF(before);
    return 0;
}

static PyObject *
journal_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    int kind;
    long long entered, segment_bytes;
    if (!PyArg_ParseTuple(args, "iLL:JournalEnd", &kind, &entered, &segment_bytes)) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    JournalEnd *self = (JournalEnd *)allocate(type, 0);
    if (self != NULL) {
        self->kind = kind;
        self->entered = entered;
        self->segment_bytes = segment_bytes;
        self->wall_ms = -1;
        self->newest = Py_NewRef(Py_None);
        self->now_ms = Py_NewRef(Py_None);
    }
    return (PyObject *)self;
}

static int
journal_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((JournalEnd *)object)->newest);
    Py_VISIT(((JournalEnd *)object)->now_ms);
    return 0;
}

/* Who still enters a cleared one goes the long way. */
static int
journal_clear(PyObject *object)
{
    JournalEnd *self = (JournalEnd *)object;
    PyObject *newest = self->newest, *now_ms = self->now_ms;
    unmap(self);
    self->newest = Py_NewRef(Py_None);
    self->now_ms = Py_NewRef(Py_None);
    Py_XDECREF(newest);
    Py_XDECREF(now_ms);
    return 0;
}

static void
journal_dealloc(PyObject *object)
{
    JournalEnd *self = (JournalEnd *)object;
    PyObject_GC_UnTrack(object);
    unmap(self);
    Py_CLEAR(self->newest);
    Py_CLEAR(self->now_ms);
    free_object(object);
}

static PyMethodDef journal_methods[] = {
    {"enter", (PyCFunction)(void (*)(void))journal_enter_method, METH_FASTCALL,
     "enter($self, admission, record, /)\n--\n\n"
     "Write one record and count it, if there is room and nothing is unusual."},
    {"keep_time", journal_keep_time, METH_VARARGS,
     "keep_time($self, now_ms, wall_ms, /)\n--\n\n"
     "Ask now_ms() when a record enters, or add wall_ms to the machine's steady clock."},
    {"write_directly", journal_write_directly, METH_VARARGS,
     "write_directly($self, number, slots_at, /)\n--\n\n"
     "Let records in until it is closed; the control file has this number."},
    {"close", journal_close, METH_NOARGS, "close($self, /)\n--\n\nLet nothing in any more."},
    {NULL},
};

static PyMemberDef journal_members[] = {
    {"entered", T_LONGLONG, offsetof(JournalEnd, entered), 0},
    {"first", T_LONGLONG, offsetof(JournalEnd, first), 0},
    {"waiting", T_LONGLONG, offsetof(JournalEnd, waiting), 0},
    {"size", T_LONGLONG, offsetof(JournalEnd, size), 0},
    {"max_events", T_LONGLONG, offsetof(JournalEnd, max_events), 0},
    {"max_bytes", T_LONGLONG, offsetof(JournalEnd, max_bytes), 0},
    {"is_let_go", T_BOOL, offsetof(JournalEnd, is_let_go), 0},
    {NULL},
};

static PyGetSetDef journal_properties[] = {
    {"newest", journal_get_newest, journal_set_newest, "The segment that records are added to."},
    {NULL},
};

static PyType_Slot journal_slots[] = {
    {Py_tp_doc, "Where the next record of a journal goes, and what waits in it."},
    {Py_tp_new, journal_new},
    {Py_tp_dealloc, journal_dealloc},
    {Py_tp_traverse, journal_traverse},
    {Py_tp_clear, journal_clear},
    {Py_tp_methods, journal_methods},
    {Py_tp_members, journal_members},
    {Py_tp_getset, journal_properties},
    {0, NULL},
};

static PyType_Spec journal_spec = {
    .name = "growingio_tracker.core.compiled.JournalEnd",
    .basicsize = sizeof(JournalEnd),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = journal_slots,
};

static PyObject *
segment_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Segment *self = (Segment *)allocate(type, 0);
    if (self != NULL) {
        self->number = -1;
    }
    return (PyObject *)self;
}

static PyMemberDef segment_members[] = {
    {"number", T_LONGLONG, offsetof(Segment, number), 0},
    {"end", T_LONGLONG, offsetof(Segment, end), 0},
    {"size", T_LONGLONG, offsetof(Segment, size), 0},
    {"events", T_LONGLONG, offsetof(Segment, events), 0},
    {"payload", T_LONGLONG, offsetof(Segment, payload), 0},
    {NULL},
};

static PyType_Slot segment_slots[] = {
    {Py_tp_doc, "What changes in a segment by each record."},
    {Py_tp_new, segment_new},
    {Py_tp_dealloc, free_object},
    {Py_tp_members, segment_members},
    {0, NULL},
};

/* No GC type: it owns nothing. */
static PyType_Spec segment_spec = {
    .name = "growingio_tracker.core.compiled.SegmentBase",
    .basicsize = sizeof(Segment),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = segment_slots,
};

static int
add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **kept)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    *kept = (PyTypeObject *)type; /* owned by the state */
    return type == NULL ? -1 : PyModule_AddType(module, *kept);
}

int
add_journal(PyObject *module, CoreState *state)
{
    return add_type(module, &segment_spec, &state->segment_type) < 0
                   || add_type(module, &journal_spec, &state->journal_type) < 0
               ? -1
               : 0;
}
