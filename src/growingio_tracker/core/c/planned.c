/* PlannedEvent: the calls of one event whose attributes are known beforehand.

   The names are written once, when it is made. A call whose values are of the usual types, and fit, is
   checked and written here; Python decides about every other one. */

#include "calls.h"
#include "method.h"
#include "values.h"

/* What a call says before the values. */
enum { TRACKER, WHEN, VISITOR, KEY, USER, BEFORE_VALUES };

typedef enum { ANY, STRING, INTEGER, NUMBER, BOOLEAN } Form;

typedef struct {
    Literal key;       /* "name": */
    int required;      /* whether None is a mistake */
    Form form;         /* ANY: Python decides about every value */
    PyObject *allowed; /* owned: a frozenset of all allowed values; NULL when all are */
    int bounded;       /* whether there are bounds, and which */
    double low, high;
} Rule;

typedef struct {
    PyObject_HEAD
    PyObject *name;  /* owned: the event's */
    PyObject *keys;  /* owned: a frozenset of the kinds of user ids; NULL when all are allowed */
    PyObject *slow;  /* owned: tracks, or refuses, what is not usual */
    Py_ssize_t count;
    Rule *rules; /* owned */
    CoreState *state;
} PlannedEvent;

static int
has_form(Form form, PyObject *value)
{
    switch (form) {
    case STRING:
        return Py_IS_TYPE(value, &PyUnicode_Type);
    case INTEGER:
        return Py_IS_TYPE(value, &PyLong_Type);
    case NUMBER:
        return Py_IS_TYPE(value, &PyFloat_Type) || Py_IS_TYPE(value, &PyLong_Type);
    case BOOLEAN:
        return Py_IS_TYPE(value, &PyBool_Type);
    default:
        return 0;
    }
}

/* Whether a number is within the bounds; 0 also where a double cannot say. */
static int
is_within(const Rule *rule, PyObject *value)
{
    double number = Py_IS_TYPE(value, &PyFloat_Type) ? PyFloat_AsDouble(value)
                                                     : PyLong_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) {
        PyErr_Clear();
        return 0;
    }
    return number >= rule->low && number <= rule->high;
}

static int
fits(const Rule *rule, PyObject *value)
{
    if (!has_form(rule->form, value)) {
        return 0;
    }
    if (rule->allowed != NULL) {
        int found = PySet_Contains(rule->allowed, value);
        if (found < 0) {
            PyErr_Clear();
        }
        if (found != 1) {
            return 0;
        }
    }
    return !rule->bounded || is_within(rule, value);
}

/* Writes the attributes as an object; nothing at all when there are none. */
static int
write_values(PlannedEvent *self, Output *out, PyObject *const *values)
{
    char before = '{';
    for (Py_ssize_t index = 0; index < self->count; index++) {
        const Rule *rule = &self->rules[index];
        if (values[index] == Py_None) {
            if (rule->required) {
                return UNUSUAL;
            }
            continue;
        }
        if (!fits(rule, values[index])) {
            return UNUSUAL;
        }
        int answer = output_add(out, &before, 1);
        if (answer == WRITTEN) {
            answer = output_add_literal(out, &rule->key);
        }
        if (answer == WRITTEN) {
            answer = write_value(out, values[index], self->state->encode_float);
        }
        if (answer != WRITTEN) {
            return answer;
        }
        before = ',';
    }
    return before == ',' ? output_add(out, "}", 1) : WRITTEN;
}

static int
is_allowed_key(PlannedEvent *self, PyObject *key)
{
    if (key == Py_None || self->keys == NULL) {
        return 1;
    }
    int found = Py_IS_TYPE(key, &PyUnicode_Type) ? PySet_Contains(self->keys, key) : 0;
    if (found < 0) {
        PyErr_Clear();
    }
    return found == 1;
}

/* Tracks what is usual: a receipt, or NULL, without an exception where Python has to. */
static PyObject *
track_usual(PlannedEvent *self, PyObject *const *given)
{
    if (given[WHEN] != Py_None || !is_allowed_key(self, given[KEY])) {
        return NULL;
    }
    PyObject *calls = tracker_calls(given[TRACKER]); /* owned */
    if (calls == NULL) {
        return NULL;
    }
    PyObject *receipt = NULL;
    Output written;
    output_begin(&written);
    if (write_values(self, &written, given + BEFORE_VALUES) == WRITTEN) {
        PyObject *arguments[ARGUMENTS] = {self->name, given[KEY], given[USER], given[VISITOR],
                                          Py_None};
        receipt = calls_track_plain(calls, arguments, &written);
    }
    output_end(&written);
    Py_DECREF(calls);
    return receipt;
}

static PyObject *
track_slowly(PlannedEvent *self, PyObject *const *given, Py_ssize_t count)
{
    PyObject *arguments = PyTuple_New(count); /* owned */
    if (arguments == NULL) {
        return NULL;
    }
    for (Py_ssize_t index = 0; index < count; index++) {
        PyTuple_SetItem(arguments, index, Py_NewRef(given[index]));
    }
    PyObject *answer = PyObject_Call(self->slow, arguments, NULL);
    Py_DECREF(arguments);
    return answer;
}

static PyObject *
planned_track(PyObject *object, PyObject *const *given, Py_ssize_t count)
{
    PlannedEvent *self = (PlannedEvent *)object;
    Py_ssize_t wanted = BEFORE_VALUES + self->count;
    if (check_count("track", count, wanted, wanted) < 0) {
        return NULL;
    }
    PyObject *receipt = track_usual(self, given);
    if (receipt != NULL || PyErr_Occurred()) {
        return receipt;
    }
    return track_slowly(self, given, count);
}

static Form
form_of(const char *name)
{
    static const char *const names[] = {"", "string", "integer", "number", "boolean"};
    for (int form = STRING; form <= BOOLEAN; form++) {
        if (strcmp(name, names[form]) == 0) {
            return (Form)form;
        }
    }
    return ANY;
}

/* Fills a rule; -1 with an exception set when that cannot be done. */
static int
fill_rule(Rule *rule, PyObject *given)
{
    PyObject *name, *allowed; /* borrowed */
    const char *form;
    if (!PyArg_ParseTuple(given, "UpsOpdd", &name, &rule->required, &form, &allowed,
                          &rule->bounded, &rule->low, &rule->high)) {
        return -1;
    }
    rule->form = form_of(form);
    rule->allowed = allowed == Py_None ? NULL : Py_NewRef(allowed);
    Output out;
    output_begin(&out);
    int answer = write_text(&out, name);
    if (answer == WRITTEN) {
        answer = output_add(&out, ":", 1);
    }
    if (answer == UNUSUAL) {
        PyErr_SetString(PyExc_ValueError, "names must be valid text");
    }
    answer = answer == WRITTEN ? literal_make(&rule->key, &out) : FAILED;
    output_end(&out);
    return answer;
}

static int
fill_rules(PlannedEvent *self, PyObject *rules)
{
    Py_ssize_t count = PyTuple_Size(rules);
    self->rules = PyMem_Calloc((size_t)count + 1, sizeof(*self->rules));
    if (self->rules == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->count = count;
    for (Py_ssize_t index = 0; index < count; index++) {
        if (fill_rule(&self->rules[index], PyTuple_GetItem(rules, index)) < 0) {
            return -1;
        }
    }
    return 0;
}

static PyObject *
planned_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *name, *rules, *keys, *slow; /* borrowed */
    if (!PyArg_ParseTuple(args, "UO!OO:PlannedEvent", &name, &PyTuple_Type, &rules, &keys,
                          &slow)) {
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PlannedEvent *self = (PlannedEvent *)allocate(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->state = PyType_GetModuleState(type);
    self->name = Py_NewRef(name);
    self->keys = keys == Py_None ? NULL : Py_NewRef(keys);
    self->slow = Py_NewRef(slow);
    if (fill_rules(self, rules) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static int
planned_traverse(PyObject *object, visitproc visit, void *arg)
{
    PlannedEvent *self = (PlannedEvent *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->slow);
    return 0;
}

/* Only what can be part of a cycle; who still calls finds None in its place. */
static int
planned_clear(PyObject *object)
{
    PlannedEvent *self = (PlannedEvent *)object;
    PyObject *slow = self->slow;
    self->slow = Py_NewRef(Py_None);
    Py_XDECREF(slow);
    return 0;
}

static void
planned_dealloc(PyObject *object)
{
    PlannedEvent *self = (PlannedEvent *)object;
    PyObject_GC_UnTrack(object);
    for (Py_ssize_t index = 0; index < self->count; index++) {
        literal_free(&self->rules[index].key);
        Py_CLEAR(self->rules[index].allowed);
    }
    PyMem_Free(self->rules);
    Py_CLEAR(self->name);
    Py_CLEAR(self->keys);
    Py_CLEAR(self->slow);
    free_object(object);
}

static PyMethodDef planned_methods[] = {
    {"track", (PyCFunction)(void (*)(void))planned_track, METH_FASTCALL,
     "track($self, tracker, event_time, anonymous_id, login_user_key, login_user_id, /, *values)"
     "\n--\n\nTrack an event of a tracker, or do what is done with one that is not usual."},
    {NULL},
};

static PyType_Slot planned_slots[] = {
    {Py_tp_doc, "The calls of one event whose attributes are known beforehand."},
    {Py_tp_new, planned_new},
    {Py_tp_dealloc, planned_dealloc},
    {Py_tp_traverse, planned_traverse},
    {Py_tp_clear, planned_clear},
    {Py_tp_methods, planned_methods},
    {0, NULL},
};

static PyType_Spec planned_spec = {
    .name = "growingio_tracker.core.compiled.PlannedEvent",
    .basicsize = sizeof(PlannedEvent),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = planned_slots,
};

int
add_planned(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &planned_spec, NULL); /* owned */
    if (type == NULL) {
        return -1;
    }
    int answer = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return answer;
}
