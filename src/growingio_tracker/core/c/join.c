/* join_array(): the JSON array of records, in one allocation. */

#include "core.h"

/* Returns the size of the array's text; -1 with an exception set when a record is no bytes. */
static Py_ssize_t
joined_size(PyObject *records)
{
    Py_ssize_t count = PyTuple_Size(records), size = 2 + (count > 0 ? count - 1 : 0);
    for (Py_ssize_t index = 0; index < count; index++) {
        PyObject *record = PyTuple_GetItem(records, index);
        if (!PyBytes_Check(record)) {
            PyErr_SetString(PyExc_TypeError, "join_array() takes records, which are bytes");
            return -1;
        }
        size += PyBytes_Size(record);
    }
    return size;
}

static void
put_records(char *at, PyObject *records)
{
    Py_ssize_t count = PyTuple_Size(records);
    *at++ = '[';
    for (Py_ssize_t index = 0; index < count; index++) {
        PyObject *record = PyTuple_GetItem(records, index);
        size_t size = (size_t)PyBytes_Size(record);
        if (index > 0) {
            *at++ = ',';
        }
        memcpy(at, PyBytes_AsString(record), size);
        at += size;
    }
    *at = ']';
}

static PyObject *
join_array(PyObject *module, PyObject *given)
{
    PyObject *records = PySequence_Tuple(given); /* owned; a tuple is its own */
    if (records == NULL) {
        return NULL;
    }
    Py_ssize_t size = joined_size(records);
    PyObject *body = size < 0 ? NULL : PyBytes_FromStringAndSize(NULL, size);
    if (body != NULL) {
        put_records(PyBytes_AsString(body), records);
    }
    Py_DECREF(records);
    return body;
}

static PyMethodDef join_functions[] = {
    {"join_array", join_array, METH_O,
     "join_array(records, /)\n--\n\nReturn the JSON array of records."},
    {NULL},
};

int
add_join(PyObject *module)
{
    return PyModule_AddFunctions(module, join_functions);
}
