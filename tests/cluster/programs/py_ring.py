#!/usr/bin/python3
"""mpi4py: a ring of Python objects and a reduction of a buffer."""
from array import array

from mpi4py import MPI

comm = MPI.COMM_WORLD
rank, size = comm.Get_rank(), comm.Get_size()
if rank == 0:
    comm.send({"seen": [0]}, dest=1 % size)
    token = comm.recv(source=size - 1)
    assert token["seen"] == list(range(size)), token
else:
    token = comm.recv(source=rank - 1)
    token["seen"].append(rank)
    comm.send(token, dest=(rank + 1) % size)
mine, total = array("d", [rank, 1]), array("d", [0, 0])
comm.Allreduce([mine, MPI.DOUBLE], [total, MPI.DOUBLE])
assert total[1] == size and total[0] == size * (size - 1) / 2
if rank == 0:
    print(f"mpi4py ring of {size} ok")
