/* speed_up(): gives trackers a method in C, which leaves what is not plain to the one in Python.

   Reading the arguments here, and not in a Python function, saves a quarter of a call. The method has
   the name, the signature and the documentation of the Python one, and belongs to the same class. */

#include "method.h"

#include "calls.h"

/* The parameters of the method, in their order. */
enum { NAME, WHEN, VISITOR, KEY, USER, VARIABLES, ITEM, PRESET, PARAMETERS };

#define POSITIONAL ITEM

static const char *const parameter_names[PARAMETERS] = {
    "event_name",    "event_time", "anonymous_id", "login_user_key",
    "login_user_id", "attributes", "item",         "preset",
};

/* Interned texts, which live as long as the process: what a call names is the same object. */
static PyObject *interned_names[PARAMETERS];
static PyObject *plain_name;   /* of the tracker's PlainCalls, or None */
static PyObject *binding_name; /* of what is bound to the tracker itself, or None */
static PyObject *python_name;  /* of the method in Python */

static int
find_parameter(PyObject *name)
{
    for (int index = 0; index < PARAMETERS; index++) {
        if (interned_names[index] == name) {
            return index;
        }
    }
    return -1;
}

/* Sorts what was given into `found`; 0 when Python has to say what is wrong with it, or may. */
static int
read_arguments(PyObject *const *given, Py_ssize_t count, PyObject *keywords, PyObject **found)
{
    Py_ssize_t named = keywords == NULL ? 0 : PyTuple_Size(keywords);
    if (count > POSITIONAL) {
        return 0;
    }
    memset(found, 0, PARAMETERS * sizeof(*found));
    memcpy(found, given, (size_t)count * sizeof(*given));
    for (Py_ssize_t index = 0; index < named; index++) {
        int parameter = find_parameter(PyTuple_GetItem(keywords, index));
        if (parameter < 0 || found[parameter] != NULL) {
            return 0;
        }
        found[parameter] = given[count + index];
    }
    return found[NAME] != NULL;
}

static inline PyObject *
or_none(PyObject *value)
{
    return value == NULL ? Py_None : value;
}

static int
has_nothing_special(PyObject *const *found)
{
    return or_none(found[WHEN]) == Py_None && or_none(found[ITEM]) == Py_None
           && or_none(found[PRESET]) == Py_None;
}

/* Calls the Python method with what was given. */
static PyObject *
call_python(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *keywords)
{
    PyObject *answer = NULL;
    PyObject *method = PyObject_GetAttr(self, python_name);          /* owned */
    PyObject *positional = PyTuple_New(count);                       /* owned */
    PyObject *named = keywords == NULL ? NULL : PyDict_New();        /* owned */
    int failed = method == NULL || positional == NULL || (keywords != NULL && named == NULL);
    for (Py_ssize_t index = 0; !failed && index < count; index++) {
        failed = PyTuple_SetItem(positional, index, Py_NewRef(given[index])) < 0;
    }
    for (Py_ssize_t index = 0; !failed && named != NULL && index < PyTuple_Size(keywords); index++) {
        failed = PyDict_SetItem(named, PyTuple_GetItem(keywords, index), given[count + index]) < 0;
    }
    if (!failed) {
        answer = PyObject_Call(method, positional, named);
    }
    Py_XDECREF(method);
    Py_XDECREF(positional);
    Py_XDECREF(named);
    return answer;
}

/* Returns an attribute of the tracker, or NULL without an exception. */
static PyObject *
attribute(PyObject *self, PyObject *name)
{
    PyObject *found = PyObject_GetAttr(self, name);
    if (found == NULL) {
        PyErr_Clear(); /* a tracker whose constructor did not run: Python says so */
    }
    return found;
}

/* Whether something is bound to the tracker itself, or nobody knows. */
static int
is_bound(PyObject *self)
{
    PyObject *binding = attribute(self, binding_name); /* owned */
    Py_XDECREF(binding);
    return binding != Py_None;
}

PyObject *
tracker_calls(PyObject *tracker)
{
    return is_bound(tracker) ? NULL : attribute(tracker, plain_name);
}

/* Tracks what is plain: a receipt, or NULL without an exception where Python has to. */
static PyObject *
track_plain(PyObject *self, PyObject *const *found)
{
    PyObject *calls = attribute(self, plain_name); /* owned */
    if (calls == NULL) {
        return NULL;
    }
    PyObject *arguments[ARGUMENTS] = {found[NAME], or_none(found[KEY]), or_none(found[USER]),
                                      or_none(found[VISITOR]), or_none(found[VARIABLES])};
    PyObject *receipt = calls_track_plain(calls, arguments, NULL);
    Py_DECREF(calls);
    return receipt;
}

static PyObject *
track_custom_event(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *keywords)
{
    PyObject *found[PARAMETERS]; /* borrowed */
    if (read_arguments(given, count, keywords, found) && has_nothing_special(found)
        && !is_bound(self)) {
        PyObject *receipt = track_plain(self, found);
        if (receipt != NULL || PyErr_Occurred()) {
            return receipt;
        }
    }
    return call_python(self, given, count, keywords);
}

#define SIGNATURE \
    "track_custom_event($self, event_name, event_time=None, anonymous_id=None, " \
    "login_user_key=None, login_user_id=None, attributes=None, *, item=None, preset=None)\n--\n\n"

/* Returns the definition of the method; it lives as long as the process, as do class and text. */
static PyMethodDef *
new_definition(const char *documentation)
{
    size_t length = strlen(SIGNATURE) + strlen(documentation) + 1;
    char *text = PyMem_Malloc(length);
    PyMethodDef *definition = PyMem_Malloc(sizeof(*definition));
    if (text == NULL || definition == NULL) {
        PyMem_Free(text);
        PyMem_Free(definition);
        PyErr_NoMemory();
        return NULL;
    }
    PyOS_snprintf(text, length, "%s%s", SIGNATURE, documentation);
    definition->ml_name = "track_custom_event";
    definition->ml_meth = (PyCFunction)(void (*)(void))track_custom_event;
    definition->ml_flags = METH_FASTCALL | METH_KEYWORDS;
    definition->ml_doc = text;
    return definition;
}

/* Puts the method into the class, and the one in Python beside it. */
static int
replace_method(PyObject *tracker_class, PyObject *python_method)
{
    PyObject *documentation = PyObject_GetAttrString(python_method, "__doc__"); /* owned */
    const char *text = documentation == NULL || documentation == Py_None
                           ? ""
                           : PyUnicode_AsUTF8AndSize(documentation, NULL);
    PyMethodDef *definition = text == NULL || PyErr_Occurred() ? NULL : new_definition(text);
    Py_XDECREF(documentation);
    if (definition == NULL) {
        return -1;
    }
    PyObject *method = PyDescr_NewMethod((PyTypeObject *)tracker_class, definition); /* owned */
    if (method == NULL) {
        return -1;
    }
    int answer = PyObject_SetAttr(tracker_class, python_name, python_method);
    if (answer == 0) {
        answer = PyObject_SetAttrString(tracker_class, definition->ml_name, method);
    }
    Py_DECREF(method);
    return answer;
}

static PyObject *
speed_up(PyObject *module, PyObject *tracker_class)
{
    if (!PyType_Check(tracker_class)) {
        PyErr_SetString(PyExc_TypeError, "speed_up() takes the class of trackers");
        return NULL;
    }
    PyObject *method = PyObject_GetAttrString(tracker_class, "track_custom_event"); /* owned */
    int answer = method == NULL ? -1 : replace_method(tracker_class, method);
    Py_XDECREF(method);
    return answer < 0 ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef method_functions[] = {
    {"speed_up", speed_up, METH_O,
     "speed_up(tracker_class, /)\n--\n\nGive trackers a method that tracks plain events faster."},
    {NULL},
};

/* Interns a text once, for all imports. */
static int
intern(PyObject **name, const char *text)
{
    if (*name == NULL) {
        *name = PyUnicode_InternFromString(text);
    }
    return *name == NULL ? -1 : 0;
}

int
add_method(PyObject *module)
{
    for (int index = 0; index < PARAMETERS; index++) {
        if (intern(&interned_names[index], parameter_names[index]) < 0) {
            return -1;
        }
    }
    if (intern(&plain_name, "plain_calls") < 0 || intern(&binding_name, "own_binding") < 0
        || intern(&python_name, "_track_custom_event") < 0) {
        return -1;
    }
    return PyModule_AddFunctions(module, method_functions);
}
