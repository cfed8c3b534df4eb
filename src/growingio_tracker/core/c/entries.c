/* Entries: the sound records of one segment that were read, by their numbers. */

#include "frame.h"

typedef struct {
    PyObject *record; /* owned: bytes */
    long long seq;
    long long at_ms;
} Entry;

typedef struct {
    PyObject_HEAD
    Entry *entries; /* owned */
    size_t capacity;
    size_t count;
    long long size; /* of all records, in bytes */
    int kind;
} Entries;

#define LEAST_CAPACITY 64

/* Makes room for one more; -1 with an exception set when there is no memory. */
static int
reserve_one(Entries *self)
{
    if (self->count < self->capacity) {
        return 0;
    }
    size_t capacity = self->capacity == 0 ? LEAST_CAPACITY : 2 * self->capacity;
    Entry *entries = PyMem_Realloc(self->entries, capacity * sizeof(Entry));
    if (entries == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->entries = entries;
    self->capacity = capacity;
    return 0;
}

/* The place of the first entry whose number is at least `seq`. */
static size_t
place_of(const Entries *self, long long seq)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->entries[middle].seq < seq) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

/* Adds a record in its place, which nearly always is behind all others. One whose number is there
   already is left out. */
static int
add_entry(Entries *self, const Frame *frame)
{
    size_t place = self->count;
    if (place > 0 && self->entries[place - 1].seq >= frame->seq) {
        place = place_of(self, frame->seq);
        if (self->entries[place].seq == frame->seq) {
            return 0;
        }
    }
    PyObject *record = PyBytes_FromStringAndSize(frame->record, (Py_ssize_t)frame->length);
    if (record == NULL || reserve_one(self) < 0) {
        Py_XDECREF(record);
        return -1;
    }
    memmove(&self->entries[place + 1], &self->entries[place],
            (self->count - place) * sizeof(Entry));
    self->entries[place] = (Entry){record, frame->seq, frame->at_ms}; /* which owns it now */
    self->count++;
    self->size += (long long)frame->length;
    return 0;
}

/* Adds the sound records of `bytes` from the number `first` on; tells where the last one ends, or -1
   with an exception set. Nothing here is collected as garbage, so that no destructor comes in amid
   it. */
static Py_ssize_t
add_sound(Entries *self, const char *bytes, size_t size, long long first)
{
    const char *at = bytes, *end = bytes + size, *sound_end = bytes;
    while ((at = frame_find(at, (size_t)(end - at))) != NULL) {
        Frame frame;
        if (!frame_read(at, (size_t)(end - at), self->kind, &frame)) {
            at++;
            continue;
        }
        if (frame.seq >= first && add_entry(self, &frame) < 0) {
            return -1;
        }
        at += HEAD_BYTES + frame.length;
        sound_end = at;
    }
    return sound_end - bytes;
}

static PyObject *
entries_add(PyObject *object, PyObject *args)
{
    PyObject *given;
    char *bytes;
    Py_ssize_t size, sound_end;
    long long first;
    if (!PyArg_ParseTuple(args, "SL:add", &given, &first)
        || PyBytes_AsStringAndSize(given, &bytes, &size) < 0) {
        return NULL;
    }
    STEP_BEGIN(object);
    sound_end = add_sound((Entries *)object, bytes, (size_t)size, first);
    STEP_END();
    return sound_end < 0 ? NULL : PyLong_FromSsize_t(sound_end);
}

/* Looks for the first entry from a number on; 0 when there is none. The record is owned. */
static int
find_from(Entries *self, long long seq, Entry *found)
{
    int is_there;
    STEP_BEGIN((PyObject *)self);
    size_t place = place_of(self, seq);
    is_there = place < self->count;
    if (is_there) {
        *found = self->entries[place];
        Py_INCREF(found->record);
    }
    STEP_END();
    return is_there;
}

static PyObject *
entries_next(PyObject *object, PyObject *given)
{
    Entry found;
    long long seq = PyLong_AsLongLong(given);
    if (seq == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (!find_from((Entries *)object, seq, &found)) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(LLN)", found.seq, found.at_ms, found.record);
}

/* Entries that follow each other without a gap. */
typedef struct {
    size_t place;
    size_t count;
    long long size;
} Run;

/* As many from `seq` on as fit, at least one if there is any. */
static Run
find_run(const Entries *self, long long seq, long long most_events, long long most_bytes)
{
    Run run = {place_of(self, seq), 0, 0};
    for (size_t place = run.place; place < self->count && (long long)run.count < most_events;
         place++) {
        const Entry *entry = &self->entries[place];
        long long size = (long long)PyBytes_Size(entry->record);
        if (run.count > 0
            && (run.size + size > most_bytes || entry->seq != entry[-1].seq + 1)) {
            break;
        }
        run.count++;
        run.size += size;
    }
    return run;
}

/* Fills `records`, an empty tuple of the run's length; 0 if it is no longer the run. */
static int
fill_run(Entries *self, Run wanted, PyObject *records, const long long *asked, long long *first)
{
    int is_same;
    STEP_BEGIN((PyObject *)self);
    Run now = find_run(self, asked[0], asked[1], asked[2]);
    is_same = now.place == wanted.place && now.count == wanted.count && now.size == wanted.size;
    *first = is_same && now.count > 0 ? self->entries[now.place].seq : asked[0];
    for (size_t index = 0; is_same && index < now.count; index++) {
        PyObject *record = self->entries[now.place + index].record;
        PyTuple_SetItem(records, (Py_ssize_t)index, Py_NewRef(record));
    }
    STEP_END();
    return is_same;
}

/* Making a tuple may collect garbage, and so run a destructor that has more read: what the run is
   is looked at again when nothing remains to be made. */
static PyObject *
entries_run(PyObject *object, PyObject *args)
{
    Entries *self = (Entries *)object;
    long long asked[3], first;
    if (!PyArg_ParseTuple(args, "LLL:run", &asked[0], &asked[1], &asked[2])) {
        return NULL;
    }
    for (;;) {
        Run run;
        STEP_BEGIN(object);
        run = find_run(self, asked[0], asked[1], asked[2]);
        STEP_END();
        PyObject *records = PyTuple_New((Py_ssize_t)run.count); /* owned */
        if (records == NULL) {
            return NULL;
        }
        if (fill_run(self, run, records, asked, &first)) {
            return Py_BuildValue("(LNL)", first, records, run.size);
        }
        Py_DECREF(records);
    }
}

/* Finds the next range of numbers from `*seq` to before `end` that no entry has, and puts `*seq`
   behind it; 0 when there is none. */
static int
next_gap(Entries *self, long long *seq, long long end, long long gap[2])
{
    int found = 0;
    STEP_BEGIN((PyObject *)self);
    size_t place = place_of(self, *seq);
    while (place < self->count && self->entries[place].seq == *seq) {
        place++;
        ++*seq;
    }
    gap[0] = *seq;
    gap[1] = place < self->count && self->entries[place].seq < end ? self->entries[place].seq : end;
    found = gap[0] < gap[1];
    *seq = gap[1];
    STEP_END();
    return found;
}

static PyObject *
entries_gaps(PyObject *object, PyObject *args)
{
    long long seq, end, gap[2];
    if (!PyArg_ParseTuple(args, "LL:gaps", &seq, &end)) {
        return NULL;
    }
    PyObject *gaps = PyList_New(0); /* owned */
    while (gaps != NULL && next_gap((Entries *)object, &seq, end, gap)) {
        PyObject *one = Py_BuildValue("(LL)", gap[0], gap[1]); /* owned */
        if (one == NULL || PyList_Append(gaps, one) < 0) {
            Py_CLEAR(gaps);
        }
        Py_XDECREF(one);
    }
    return gaps;
}

static Py_ssize_t
entries_length(PyObject *object)
{
    return (Py_ssize_t)((Entries *)object)->count;
}

static PyObject *
entries_end(PyObject *object, void *unused)
{
    Entries *self = (Entries *)object;
    long long end;
    STEP_BEGIN(object);
    end = self->count == 0 ? 0 : self->entries[self->count - 1].seq + 1;
    STEP_END();
    return PyLong_FromLongLong(end);
}

static PyObject *
entries_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    int kind;
    if (!PyArg_ParseTuple(args, "i:Entries", &kind)) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Entries *self = (Entries *)allocate(type, 0);
    if (self != NULL) {
        self->kind = kind;
    }
    return (PyObject *)self;
}

static void
entries_dealloc(PyObject *object)
{
    Entries *self = (Entries *)object;
    for (size_t place = 0; place < self->count; place++) {
        Py_DECREF(self->entries[place].record);
    }
    PyMem_Free(self->entries);
    free_object(object);
}

static PyMethodDef entries_methods[] = {
    {"add", entries_add, METH_VARARGS,
     "add($self, data, first, /)\n--\n\n"
     "Add the sound records of data from the number first on; return where the last one ends."},
    {"next", entries_next, METH_O,
     "next($self, seq, /)\n--\n\nReturn number, time and record of the first from seq on."},
    {"run", entries_run, METH_VARARGS,
     "run($self, seq, most_events, most_bytes, /)\n--\n\n"
     "Return records from seq on without a gap: the number of the first, them, their size."},
    {"gaps", entries_gaps, METH_VARARGS,
     "gaps($self, seq, end, /)\n--\n\nReturn the ranges of numbers that no record has."},
    {NULL},
};

static PyMemberDef entries_members[] = {
    {"size", T_LONGLONG, offsetof(Entries, size), READONLY},
    {NULL},
};

static PyGetSetDef entries_properties[] = {
    {"end", entries_end, NULL, "The number behind the last; 0 when there is none."},
    {NULL},
};

static PyType_Slot entries_slots[] = {
    {Py_tp_doc, "The sound records of one segment that were read, by their numbers."},
    {Py_tp_new, entries_new},
    {Py_tp_dealloc, entries_dealloc},
    {Py_tp_methods, entries_methods},
    {Py_tp_members, entries_members},
    {Py_tp_getset, entries_properties},
    {Py_sq_length, entries_length},
    {0, NULL},
};

/* No GC type: it owns nothing but exact bytes, which refer to nothing. */
static PyType_Spec entries_spec = {
    .name = "growingio_tracker.core.compiled.Entries",
    .basicsize = sizeof(Entries),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = entries_slots,
};

int
add_entries(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &entries_spec, NULL); /* owned */
    if (type == NULL) {
        return -1;
    }
    int answer = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return answer;
}
