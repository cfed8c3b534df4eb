/* ReceiptBase: where the event of one call is. */

#ifndef GROWINGIO_RECEIPT_H
#define GROWINGIO_RECEIPT_H

#include "core.h"

typedef struct {
    PyObject_HEAD
    PyObject *outcomes; /* owned: knows what became of the event */
    long long lane;
    long long seq;
} Receipt;

#endif
