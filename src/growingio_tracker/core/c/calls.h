/* PlainCalls: a whole call that tracks a plain event. */

#ifndef GROWINGIO_CALLS_H
#define GROWINGIO_CALLS_H

#include "entrance.h"
#include "events.h"

/* Tracks an event of now where nothing is bound. `arguments` are those of a call, and room for a
   time; `written` is the object of attributes that are written already, or NULL. Returns the receipt, or NULL: with an exception set, or without where the event is not
   plain, something is bound, or `calls` is no PlainCalls. */
PyObject *calls_track_plain(PyObject *calls, PyObject **arguments, const Output *written);

#endif
