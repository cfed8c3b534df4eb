/* PlainEvents: what makes records of plain events. */

#ifndef GROWINGIO_EVENTS_H
#define GROWINGIO_EVENTS_H

#include "values.h"

/* What a call says, in the order of a record, but for the time, which comes last. */
enum { EVENT_NAME, USER_KEY, USER_ID, DEVICE_ID, ATTRIBUTES, FIELDS };

#define TIME FIELDS
#define ARGUMENTS (FIELDS + 1)

typedef struct PlainEvents PlainEvents;

/* Makes the record of what a call says: WRITTEN, UNUSUAL when it is not plain, or FAILED. `written`
   is the object of attributes that are written already, empty for none; NULL when they are not. */
int events_record(PlainEvents *self, PyObject *const *arguments, const Output *written,
                  PyObject **record);

#endif
