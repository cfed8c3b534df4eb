/* What trackers keep for their calls. */

#ifndef GROWINGIO_METHOD_H
#define GROWINGIO_METHOD_H

#include "core.h"

/* Returns a tracker's PlainCalls, or None; NULL, without an exception, when something is bound to it
   or it has none. */
PyObject *tracker_calls(PyObject *tracker);

#endif
