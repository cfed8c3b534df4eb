/* CRC-32 by tables, eight bytes at a step: zlib cannot be reached from here. */

#include "crc32.h"

#define POLYNOMIAL 0xEDB88320u
#define STEP 8

static uint32_t tables[STEP][256];

static uint32_t
of_one_byte(uint32_t byte)
{
    for (int bit = 0; bit < 8; bit++) {
        byte = byte & 1 ? POLYNOMIAL ^ (byte >> 1) : byte >> 1;
    }
    return byte;
}

void
crc32_prepare(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        tables[0][byte] = of_one_byte(byte);
    }
    for (int step = 1; step < STEP; step++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = tables[step - 1][byte];
            tables[step][byte] = tables[0][before & 255] ^ (before >> 8);
        }
    }
}

/* Four bytes as a number, the lowest first, on every machine. */
static inline uint32_t
four_bytes(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint32_t
of_eight_bytes(uint32_t crc, const unsigned char *at)
{
    uint32_t low = crc ^ four_bytes(at), high = four_bytes(at + 4);
    return tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255]
           ^ tables[4][low >> 24] ^ tables[3][high & 255] ^ tables[2][high >> 8 & 255]
           ^ tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
}

uint32_t
crc32_of(uint32_t before, const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    uint32_t crc = ~before;
    for (; length >= STEP; length -= STEP, at += STEP) {
        crc = of_eight_bytes(crc, at);
    }
    for (; length > 0; length--, at++) {
        crc = tables[0][(crc ^ *at) & 255] ^ (crc >> 8);
    }
    return ~crc;
}
