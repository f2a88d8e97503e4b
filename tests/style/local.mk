# The house rules that a machine can check.
dist_check_SCRIPTS += tests/style/check
TESTS += tests/style/check
EXTRA_DIST += tests/style/floors
