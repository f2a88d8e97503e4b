/* unit.h - the frame of a CUnit program: a table of tests and a main. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <stddef.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

/* Exit status for main. */
static inline int unit_main(const char *suite, const struct unit_test *tests,
			    size_t count)
{
	unsigned failures = 1;
	CU_pSuite s;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	s = CU_add_suite(suite, NULL, NULL);
	for (size_t i = 0; s && i < count; i++)
		CU_add_test(s, tests[i].name, tests[i].run);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	if (s && CU_basic_run_tests() == CUE_SUCCESS)
		failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures > 0;
}

#define UNIT_MAIN(suite, tests)                                                \
	int main(void)                                                         \
	{                                                                      \
		return unit_main(suite, tests,                                 \
				 sizeof(tests) / sizeof(tests[0]));            \
	}

#endif
