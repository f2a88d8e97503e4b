/* crc32c.c - see crc32c.h. */
#include "base/crc32c.h"

/* CRC-32C (Castagnoli), reflected polynomial 0x82f63b78, eight bytes a step
 * by eight tables that are filled before main. */
static uint32_t crc_table[8][256];

static __attribute__((constructor)) void crc_prepare(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
		crc_table[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++) {
		for (int t = 1; t < 8; t++) {
			uint32_t c = crc_table[t - 1][i];

			crc_table[t][i] = c >> 8 ^ crc_table[0][c & 255];
		}
	}
}

uint32_t crc32c(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint32_t c = ~0u;

	for (; n >= 8; n -= 8, p += 8) {
		c ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		     (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		c = crc_table[7][c & 255] ^ crc_table[6][c >> 8 & 255] ^
		    crc_table[5][c >> 16 & 255] ^ crc_table[4][c >> 24] ^
		    crc_table[3][p[4]] ^ crc_table[2][p[5]] ^
		    crc_table[1][p[6]] ^ crc_table[0][p[7]];
	}
	for (; n > 0; n--, p++)
		c = c >> 8 ^ crc_table[0][(c ^ *p) & 255];
	return ~c;
}
