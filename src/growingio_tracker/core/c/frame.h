/* Frames: records as they are in a segment on disk, each behind a head of HEAD_BYTES. */

#ifndef GROWINGIO_FRAME_H
#define GROWINGIO_FRAME_H

#include "core.h"

#define HEAD_BYTES 28

typedef struct {
    int kind; /* the code of the kind of message */
    long long seq;
    long long at_ms;
    const char *record;
    size_t length;
} Frame;

/* Puts the head; the record is to follow it. */
void frame_put_head(char *head, const Frame *frame);

/* Reads the frame at the beginning of `size` bytes; 0 when there is no sound one of this kind. */
int frame_read(const char *bytes, size_t size, int kind, Frame *frame);

/* Returns where the next frame may begin; NULL when none does. */
const char *frame_find(const char *bytes, size_t size);

/* Puts eight bytes of a number, the lowest first. */
void put_eight_bytes(char *at, unsigned long long number);

#endif
