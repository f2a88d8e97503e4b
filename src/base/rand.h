/* rand.h - reproducible random numbers (splitmix64/xoshiro256**, Blackman and
 * Vigna 2018) for policies, tests and the simulator; secrets come from
 * rand_secret. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

struct rand_state {
	uint64_t s[4];
};

void rand_seed(struct rand_state *r, uint64_t seed);
uint64_t rand_u64(struct rand_state *r);
/* Uniform in [0, n), n > 0, without bias. */
uint64_t rand_below(struct rand_state *r, uint64_t n);
double rand_double(struct rand_state *r); /* [0, 1) */

/* n bytes from the kernel (getrandom); aborts if there are none. */
void rand_secret(void *out, size_t n);
/* 2*n hex digits and a NUL into out. */
void rand_secret_hex(char *out, size_t n);

#endif
