"""durability.py - what it costs that an accepted job is on record: jobs accepted
a second and the delay of one answer, by the number of voters.

Nodes are drained, so that jobs only queue.  Beside it, as the floor: a file that
one thread appends to and syncs, and SQLite commits, in the same folder.
"""
import os
import sqlite3
import statistics
import threading
import time

from churn import Caller

SPEC = {"framework": "batch", "argv": ["/bin/true"], "cwd": "/",
        "env": {"PATH": "/usr/bin:/bin"}, "cores": 1}


def row(what, times, seconds):
    times = sorted(times)
    print("  %-34s %8.0f /s   %7.2f ms   %7.2f ms" % (
        what, len(times) / seconds, 1e3 * statistics.median(times),
        1e3 * times[int(len(times) * 0.99)]), flush=True)


def timed(times, n, once):
    for i in range(n):
        at = time.perf_counter()
        once(i)
        times.append(time.perf_counter() - at)


def synced_file(folder, n):
    path = os.path.join(folder, "synced")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    times = []

    def once(_):
        os.write(fd, b"x" * 512)
        os.fdatasync(fd)
    at = time.perf_counter()
    timed(times, n, once)
    row("write and fdatasync", times, time.perf_counter() - at)
    os.close(fd)
    os.unlink(path)


def sqlite(folder, n):
    path = os.path.join(folder, "sqlite")
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    db.execute("create table t (job integer primary key, spec text)")
    times = []
    at = time.perf_counter()
    timed(times, n, lambda i: db.execute("insert into t (spec) values (?)",
                                         ("x" * 512,)))
    row("SQLite commit (WAL, synchronous)", times, time.perf_counter() - at)
    db.close()
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.unlink(path + end)


def submits(folder, clients, each, mark):
    """Of so many clients at once, each with a connection of its own."""
    times = [[] for _ in range(clients)]

    def client(k):
        api = Caller(folder)
        spec = dict(SPEC, uid=os.getuid(), gid=os.getgid())
        timed(times[k], each, lambda i: api.call(
            "POST", "/v1/jobs", spec, "%s-%d-%d" % (mark, k, i)))
    threads = [threading.Thread(target=client, args=(k,))
               for k in range(clients)]
    at = time.perf_counter()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return [t for list_ in times for t in list_], time.perf_counter() - at


def voters(bench, n, count):
    """In an installation of its own: its founders are the voters."""
    bench.up(n, 2)
    try:
        for node in bench.json("nodes")["nodes"]:
            bench.berth("drain", node["name"])
        time.sleep(2)  # until all of them are voters
        folder = os.path.join(bench.dir, "b")
        for clients in (1, 32):
            times, seconds = submits(folder, clients, count // clients,
                                     "d%d-%d" % (n, clients))
            row("%d voter%s, %d client%s" % (n, "s" if n > 1 else "", clients,
                                             "s" if clients > 1 else ""),
                times, seconds)
    finally:
        bench.down()


def run(make_bench, folder, count):
    print("  %-34s %11s   %10s   %10s" % ("", "accepted", "median", "99 %"))
    synced_file(folder, count)
    sqlite(folder, count)
    for n in (1, 3, 5):
        own = os.path.join(folder, str(n))
        os.mkdir(own)
        voters(make_bench(own), n, count)
