/* rand.c - see rand.h. */
#include "base/rand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* splitmix64 spreads one word of seed over the four of the state. */
static uint64_t splitmix(uint64_t *x)
{
	uint64_t z;

	*x += 0x9e3779b97f4a7c15u;
	z = *x;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void rand_seed(struct rand_state *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

uint64_t rand_u64(struct rand_state *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t rand_below(struct rand_state *r, uint64_t n)
{
	/* The values below -n mod n would be hit once too often. */
	uint64_t low = -n % n;
	uint64_t x;

	do {
		x = rand_u64(r);
	} while (x < low);
	return x % n;
}

double rand_double(struct rand_state *r)
{
	return (double)(rand_u64(r) >> 11) * 0x1.0p-53;
}

void rand_secret(void *out, size_t n)
{
	unsigned char *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			perror("getrandom");
			abort();
		}
		p += got;
		n -= (size_t)got;
	}
}

void rand_secret_hex(char *out, size_t n)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		unsigned char byte;

		rand_secret(&byte, 1);
		out[2 * i] = digit[byte >> 4];
		out[2 * i + 1] = digit[byte & 15];
	}
	out[2 * n] = '\0';
}
