/* CRC-32, as zlib computes it. */

#ifndef GROWINGIO_CRC32_H
#define GROWINGIO_CRC32_H

#include "core.h"

/* Makes the tables; called once, before anything is computed. */
void crc32_prepare(void);

/* Returns the checksum of what had the checksum `before`, which is 0 at first, and of `bytes`. */
uint32_t crc32_of(uint32_t before, const char *bytes, size_t length);

#endif
