#!/bin/sh
# net over MPI, four ranks under mpirun (77: there is no mpirun).  One of them
# dies in the test, about which mpirun may have an opinion of its own: what
# counts is that the survivors found all right.
command -v mpirun >/dev/null 2>&1 || { echo "no mpirun: skipped"; exit 77; }
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM
out=$(timeout 120 mpirun --oversubscribe --bind-to none -n 4 \
	"${top_builddir:-.}/tests/unit/net_mpi_check" 2>&1)
printf '%s\n' "$out"
printf '%s\n' "$out" | grep -qx right
