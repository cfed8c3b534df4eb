/* JSON texts of the values that a plain event holds, exactly as msgspec writes them. */

#ifndef GROWINGIO_VALUES_H
#define GROWINGIO_VALUES_H

#include "output.h"

/* A str, in quotes. UNUSUAL: it holds lone surrogates. */
int write_text(Output *out, PyObject *text);

/* The same for something that may be anything. UNUSUAL as well: it is no str, or an empty one. */
int write_name(Output *out, PyObject *name);

/* An attribute's value: a str, an int, a bool or a finite float, and no subclass of these. */
int write_value(Output *out, PyObject *value, PyObject *encode_float);

/* An integer in decimal. */
int write_integer(Output *out, long long number);

#endif
