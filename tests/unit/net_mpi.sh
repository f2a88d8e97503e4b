#!/bin/sh
# net over MPI, four ranks under mpirun (77: there is no mpirun).
command -v mpirun >/dev/null 2>&1 || { echo "no mpirun: skipped"; exit 77; }
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM
exec timeout 120 mpirun --oversubscribe --bind-to none -n 4 \
	"${top_builddir:-.}/tests/unit/net_mpi_check"
