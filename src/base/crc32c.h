/* crc32c.h - CRC-32C (Castagnoli) of bytes, as on the wire and on disk. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t n);

#endif
