EXTRA_DIST += doc/agreement.md doc/pmix.md doc/architecture.md doc/api.md
EXTRA_DIST += doc/openapi.yaml doc/plugins.md doc/deployment.md
EXTRA_DIST += doc/policy.md doc/simulation.md doc/simulation
EXTRA_DIST += doc/kill-matrix.md
