/* Declarations that all files of the compiled core share.

   The core is written against the limited API of Python 3.10, so that one build serves that and
   every later version; a free-threaded build has the whole API.

   References: a function that returns a PyObject * returns a new reference, which its caller owns.
   Parameters are borrowed. Where a struct or a variable owns a reference, a comment says so. */

#ifndef GROWINGIO_CORE_H
#define GROWINGIO_CORE_H

/* No format of a parser has a '#': what headers of 3.13 make of one, Python before 3.13 refuses. */
#include <Python.h>
#include <structmember.h>

/* Headers from 3.12 on return None without a reference of its own, which it needs before 3.12. */
#undef Py_RETURN_NONE
#define Py_RETURN_NONE return Py_NewRef(Py_None)

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Headers of 3.12 and 3.13 return these without a reference, as they are immortal there; on 3.10 and
   3.11, which the same wheel serves, they are not. */
#undef Py_RETURN_NONE
#undef Py_RETURN_TRUE
#undef Py_RETURN_FALSE
#define Py_RETURN_NONE return Py_NewRef(Py_None)
#define Py_RETURN_TRUE return Py_NewRef(Py_True)
#define Py_RETURN_FALSE return Py_NewRef(Py_False)

/* A step: C between STEP_BEGIN and STEP_END that allocates nothing Python could collect and calls
   no Python. With the GIL no other thread and no signal handler gets in between as it is; without
   it, the locks of the objects that are named see to that. Nothing may leave a step but its end. */
#ifdef Py_GIL_DISABLED
#define STEP_BEGIN(object) Py_BEGIN_CRITICAL_SECTION(object)
#define STEP_END() Py_END_CRITICAL_SECTION()
#define STEP_BEGIN_2(one, other) Py_BEGIN_CRITICAL_SECTION2(one, other)
#define STEP_END_2() Py_END_CRITICAL_SECTION2()
#else
#define STEP_BEGIN(object) {
#define STEP_END() }
#define STEP_BEGIN_2(one, other) {
#define STEP_END_2() }
#endif

/* What a function that writes something answers. */
enum {
    FAILED = -1, /* a Python exception is set */
    WRITTEN = 0,
    UNUSUAL = 1, /* Python code must do it: nothing is set, and what was written is void */
};

/* What belongs to one import of the module. It owns its references. */
typedef struct {
    PyObject *not_plain;    /* the sentinel NOT_PLAIN */
    PyObject *encode_float; /* msgspec's, for numbers with many digits */
    PyObject *time_module;  /* asked at each call, so that a test's frozen clock counts */
    PyObject *time_ns_name;
    PyTypeObject *admission_type;
    PyTypeObject *ring_type;
    PyTypeObject *segment_type;
    PyTypeObject *journal_type;
    PyTypeObject *receipt_type;
    PyTypeObject *entrance_type;
    PyTypeObject *short_way_type;
    PyTypeObject *events_type;
} CoreState;

CoreState *core_state(PyObject *module);

/* Sets TypeError and returns -1 when a call has too few or too many positional arguments. */
int check_count(const char *function, Py_ssize_t given, Py_ssize_t least, Py_ssize_t most);

/* Frees an object of a heap type, and lets go of the type. */
void free_object(PyObject *object);

/* Each adds its types or functions to the module; -1 with an exception set when it cannot. */
int add_admission(PyObject *module, CoreState *state);
int add_ring(PyObject *module, CoreState *state);
int add_journal(PyObject *module, CoreState *state);
int add_receipt(PyObject *module, CoreState *state);
int add_entrance(PyObject *module, CoreState *state);
int add_short_way(PyObject *module, CoreState *state);
int add_events(PyObject *module, CoreState *state);
int add_calls(PyObject *module);
int add_method(PyObject *module);
int add_planned(PyObject *module);
int add_join(PyObject *module);
int add_protobuf(PyObject *module);
int add_process(PyObject *module);
int add_frame(PyObject *module);
int add_entries(PyObject *module);

#endif
