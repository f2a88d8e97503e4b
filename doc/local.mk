EXTRA_DIST += doc/architecture.md doc/api.md
