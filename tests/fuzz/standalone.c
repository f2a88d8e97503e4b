/*
 * standalone.c - drives a libFuzzer target without libFuzzer, so that every
 * compiler and make check run it: the seeds in tests/fuzz/seeds/NAME, then
 * reproducible mutations of them until the time is over.
 *
 *   fuzz_NAME [FILE...]     only these files
 *   FUZZ_SECONDS=60 FUZZ_SEED=7 fuzz_NAME
 *
 * The input that is being tried is in ./fuzz_NAME.last when it crashes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rand.h"

#define SEED_MAX (256 * 1024)
#define SECONDS 2.0

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	struct buf *seed;
	size_t n;
	struct rand_state rand;
	/* Of a crash; written by a signal handler. */
	const char *data;
	size_t len;
	char last[256];
} all;

static void add_seed(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf *b;

	if (f == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	all.seed = mem_resize(all.seed, all.n + 1, sizeof(*all.seed));
	b = &all.seed[all.n++];
	buf_init(b);
	b->len = fread(buf_reserve(b, SEED_MAX), 1, SEED_MAX, f);
	b->data[b->len] = '\0';
	fclose(f);
}

static void add_folder(const char *folder)
{
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *path = mem_printf("%s/%s", folder, list[i]->d_name);

		if (list[i]->d_name[0] != '.')
			add_seed(path);
		free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static void on_crash(int signo)
{
	int fd = open(all.last, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd >= 0 && write(fd, all.data, all.len) >= 0)
		close(fd);
	signal(signo, SIG_DFL);
	raise(signo);
}

/* A copy of exactly that size, so that a read beyond it is found. */
static void try_one(const char *data, size_t len)
{
	uint8_t *copy = mem_dup(data, len);

	all.data = (const char *)copy;
	all.len = len;
	LLVMFuzzerTestOneInput(copy, len);
	all.data = NULL;
	all.len = 0;
	free(copy);
}

static size_t below(size_t n)
{
	return n ? rand_below(&all.rand, n) : 0;
}

static void insert(struct buf *b, size_t at, const char *data, size_t len)
{
	struct buf out;

	if (b->len + len > SEED_MAX)
		return;
	buf_init(&out);
	buf_add(&out, b->data, at);
	buf_add(&out, data, len);
	buf_add(&out, b->data + at, b->len - at);
	buf_finish(b);
	*b = out;
}

static void mutate(struct buf *b)
{
	static const char *const words[] = {
		"\0",	    "\xff\xff\xff\xff", "\x7f\xff\xff\xff", "{",
		"\"",	    "\r\n\r\n",		"-1",		    "%00",
		"18446744073709551616", "null",	"[[[[[[[[",	    "1e309"};
	const struct buf *other = all.n ? &all.seed[below(all.n)] : NULL;
	size_t at = below(b->len + 1);
	size_t len = below(b->len - at + 1);
	const char *word = words[below(sizeof(words) / sizeof(words[0]))];

	switch (below(6)) {
	case 0:
		if (at < b->len)
			b->data[at] ^= (char)(1 << below(8));
		break;
	case 1:
		if (at < b->len)
			b->data[at] = (char)below(256);
		break;
	case 2: /* a piece goes */
		memmove(b->data + at, b->data + at + len, b->len - at - len);
		b->len -= len;
		break;
	case 3: /* a piece comes twice */
		if (len > 0) {
			char *piece = mem_dup(b->data + at, len);

			insert(b, below(b->len + 1), piece, len);
			free(piece);
		}
		break;
	case 4:
		insert(b, at, word, word[0] ? strlen(word) : 1);
		break;
	case 5: /* the rest of another seed */
		b->len = at;
		if (other && other->len > 0) {
			size_t from = below(other->len);

			buf_add(b, other->data + from, other->len - from);
		}
		break;
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned long run_mutations(double limit)
{
	double end = seconds() + limit;
	unsigned long n = 0;

	while (seconds() < end) {
		struct buf b;

		buf_init(&b);
		if (all.n > 0) {
			const struct buf *s = &all.seed[below(all.n)];

			buf_add(&b, s->data, s->len);
		}
		buf_reserve(&b, 1);
		for (size_t k = 1 + below(8); k > 0; k--)
			mutate(&b);
		try_one(b.data, b.len);
		buf_finish(&b);
		n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const char *limit = getenv("FUZZ_SECONDS");
	const char *seed = getenv("FUZZ_SEED");
	char *folder;
	unsigned long n = 0;

	name = name ? name + 1 : argv[0];
	snprintf(all.last, sizeof(all.last), "%s.last", name);
	signal(SIGSEGV, on_crash);
	signal(SIGABRT, on_crash);
	rand_seed(&all.rand, seed ? strtoull(seed, NULL, 10) : 1);
	for (int i = 1; i < argc; i++)
		add_seed(argv[i]);
	folder = mem_printf("%s/fuzz/seeds/%s", TEST_SRCDIR,
			    strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
	if (argc == 1)
		add_folder(folder);
	free(folder);
	for (size_t i = 0; i < all.n; i++)
		try_one(all.seed[i].data, all.seed[i].len);
	if (argc == 1)
		n = run_mutations(limit ? atof(limit) : SECONDS);
	printf("%s: %zu seeds, %lu mutations\n", name, all.n, n);
	for (size_t i = 0; i < all.n; i++)
		buf_finish(&all.seed[i]);
	free(all.seed);
	return 0;
}
