/*
 * dataset.h - a dataset by name, and the nodes whose local storage holds it
 * or a part of it.  Plain data: what is in it, and where on the node it lies,
 * is a matter of those who write and read it.
 */
#ifndef MODEL_DATASET_H
#define MODEL_DATASET_H

#include <stddef.h>
#include <stdint.h>

struct node;

/* What one node holds of it. */
struct dataset_copy {
	struct node *node;
	uint64_t mib; /* 0: nobody said */
	uint64_t job; /* that left it; 0: declared by a user */
	uint64_t at_us;
};

struct dataset {
	char *name;
	struct dataset_copy *copy; /* by the node's id */
	size_t ncopies, room;
};

struct dataset *dataset_create(const char *name);
void dataset_destroy(struct dataset *s); /* NULL is fine */

/* NULL: n holds nothing of it. */
const struct dataset_copy *dataset_on(const struct dataset *s,
				      const struct node *n);
/* n holds it (again). */
void dataset_put(struct dataset *s, const struct dataset_copy *copy);
/* No harm when n does not hold it. */
void dataset_remove(struct dataset *s, const struct node *n);

#endif
