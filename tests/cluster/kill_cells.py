#!/usr/bin/env python3
"""The cells of the kill matrix: who dies, when, and what must hold then.

Run by kill_matrix.sh on a Berth of namespace hosts that is up.  A cell is a
VICTIM that dies at a STEP of the life of an MPI job over all nodes, while
arrays of tasks run and jobs are submitted.  After it: every job that was
accepted has ended, and as it should; nothing ran twice unless it was revoked;
what the user read is whole; nothing of the ended is left; nobody else noticed.
"""
import collections
import json
import os
import random
import subprocess
import sys
import time

import kill_hosts as hosts
from kill_hosts import WORK, berth, query, within

P = os.environ["PROGRAMS"]
VICTIMS = ("rank launcher shepherd host cli task node "
           "leader_rank leader_launcher leader_node").split()
STEPS = ("submitting offered launching init running printing finishing "
         "revoking electing").split()
# Each victim and each step once, that take little time.
SHORT = ("launcher:submitting host:offered leader_launcher:launching task:init "
         "shepherd:running cli:printing leader_rank:finishing rank:revoking "
         "leader_rank:electing leader_node:running node:init").split()
RAN = os.path.join(WORK, "ran")
ONCE = os.path.join(WORK, "once")
ALL_MS, END_S, UP_S = 2500, 90, 60

# Ends of the victim's MPI job (m) and of the array on its node (a), beside
# done.
MAY_END = {
    "shepherd": {"m": {"lost", "failed"}, "a": {"lost", "failed"}},
    "task": {"m": {"failed"}, "a": {"failed"}},
    "node": {"m": {"lost", "failed"}, "a": {"lost"}},
    "leader_node": {"m": {"lost", "failed"}, "a": {"lost"}},
}
NODE_DIES = {"node", "leader_node"}


def make_once():
    """Each start of a task or rank leaves a file of its own."""
    os.makedirs(RAN, exist_ok=True)
    with open(ONCE, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\n"
                f': >"{RAN}/$BERTH_TASK_ID.${{BERTH_ARRAY_INDEX:-'
                '${PMIX_RANK:-0}}.$BERTH_NODE.$$"\n'
                'exec "$@"\n')
    os.chmod(ONCE, 0o755)


def marks():
    """{(job, rank or array index): [(task index, node)...]} of all starts."""
    out = collections.defaultdict(list)
    for name in os.listdir(RAN):
        job, index, what, node, _ = name.split(".")
        out[int(job), int(what)].append((int(index), node))
    return out


def submit(name, *args):
    """Popen of a `berth submit`; accepted_id tells what came of it."""
    return subprocess.Popen(
        [hosts.BERTH, "submit", "batch", "-J", name, *args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)


def accepted_id(p):
    out, _ = p.communicate(timeout=60)
    return int(out.split()[-1]) if p.returncode == 0 else 0


class Bystanders:
    """A task on each node and an MPI job on two, that nobody may hurt."""

    def __init__(self, names):
        self.names, self.pair, self.job = names, [], 0
        self.pids = {}  # what: set of pids

    def find(self):
        found = {}
        for p in hosts.processes():
            if p.args[:1] == ["sleep"] and p.args[1:2] > ["864"]:
                found.setdefault(p.node, set()).add(p.pid)
            elif p.args[-1:] == ["pair"] and p.args[0].endswith("/hello"):
                found.setdefault("pair", set()).add(p.pid)
        return found

    def ensure(self, avoid):
        """All are there, the MPI job not on a node that is to be avoided."""
        if avoid in self.pair and self.job:
            berth("cancel", str(self.job))
            self.pair = []
        found = self.find()
        for i, name in enumerate(self.names):
            if name not in found:
                accepted_id(submit("bystander", "-w", name, "--", "sleep",
                                   f"8640{i}"))
        if not self.pair or "pair" not in found:
            self.pair = [n for n in self.names if n != avoid][-2:]
            out = berth("submit", "mpi", "-J", "bystander", "-n", "2", "-N",
                        "1", "-w", ",".join(self.pair), "--", f"{P}/hello",
                        "86400000", "pair")
            self.job = int(out.stdout.split()[-1])
        if not within(30, self.complete):
            raise RuntimeError(f"bystanders do not start: {self.pids}")

    def complete(self):
        self.pids = self.find()
        return (len(self.pids.get("pair", ())) == 2 and
                all(n in self.pids for n in self.names))

    def hurt(self, victim, step, where):
        now, right = self.find(), ""
        if victim in NODE_DIES | {"shepherd"} or step == "revoking":
            right = where
        return [what for what in self.pids
                if self.pids[what] != now.get(what) and what != right]


class Cell:
    def __init__(self, victim, step, bystanders, rnd):
        self.victim, self.step, self.rnd = victim, step, rnd
        self.bystanders = bystanders
        self.faults, self.notes = [], []
        self.old_leader = self.where = ""
        self.load = self.calm = 0
        self.extra = []
        self.follower = self.job = None
        self.out = os.path.join(WORK, "follower.out")
        self.before = 0

    # ---- the way to the step ----

    def choose_node(self):
        names = hosts.node_names()
        self.old_leader = hosts.leader()
        if self.victim.startswith("leader_"):
            self.where = self.old_leader
        else:
            self.where = self.rnd.choice(
                [n for n in names if n != self.old_leader])
        self.bystanders.ensure(self.where)

    def begin(self):
        for name in os.listdir(RAN):
            os.unlink(os.path.join(RAN, name))
        self.choose_node()
        self.before = max([0] + [j["id"] for j in hosts.jobs()])
        load = submit("load", "-w", self.where, "--array", "0-11", "--",
                      ONCE, "sleep", "0.3")
        calm = submit("calm", "-w", ",".join(self.bystanders.pair), "--array",
                      "0-5", "--", ONCE, "sleep", "0.3")
        self.load, self.calm = accepted_id(load), accepted_id(calm)
        if not self.load or not self.calm:
            raise RuntimeError("the load is not accepted")

    def follow(self):
        args = [f"{P}/hello", {"finishing": "30", "submitting": "300",
                               "offered": "300", "launching": "300",
                               "init": "300"}.get(self.step, str(ALL_MS)),
                "victim"]
        if self.step == "running":
            args[1] = "800"
        if self.step == "printing":
            args = [f"{P}/flood", "2000000", "30", "victim"]
        if self.step == "revoking":
            args = ["sh", "-c", f"trap '' TERM; exec {' '.join(args)}"]
        with open(self.out, "wb") as out, \
                open(self.out + ".err", "wb") as err:
            self.follower = subprocess.Popen(
                [hosts.BERTH, "mpirun", "-J", "victim", "--grace", "1s", "-n",
                 "4", "-N", "1", "--", ONCE, *args],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def hellos(self):
        with open(self.out, "rb") as f:
            return f.read().count(b"hello rank")

    def on_node(self):
        return any(p.args[-1:] == ["victim"] and p.node == self.where and
                   p.args[0].startswith(P) for p in hosts.processes())

    def bring_to(self, events):
        """The job to its step; the user sees it, or the ledger says so."""
        ours = ("job", lambda: self.number())
        self.follow()
        if self.step == "submitting":
            time.sleep(self.rnd.uniform(0, 0.015))
        elif self.step == "offered":
            events.wait("offer_made", framework="mpi")
        elif self.step == "launching":
            events.wait("task_launched", **dict([ours]))
        elif self.step == "init":
            within(20, self.on_node, 0.002)
        elif self.step == "printing":
            within(20, lambda: os.path.getsize(self.out) > 200000, 0.01)
        elif self.step == "finishing":
            within(20, lambda: self.hellos() > 0, 0.005)
        else:
            within(20, lambda: self.hellos() >= 4, 0.02)
        if self.step == "revoking":
            berth("drain", self.where, "--deadline", "1s")
            time.sleep(0.2)
        elif self.step == "electing":
            hosts.kill(hosts.find("berthd", self.old_leader))
            time.sleep(self.rnd.uniform(0, 0.3))

    def number(self):
        """Of the victim's job; 0: it is not accepted, as far as is known."""
        if self.job is None:
            found = [j["id"] for j in hosts.jobs() if j["name"] == "victim"
                     and j["id"] > self.before]
            self.job = found[0] if found else None
        return self.job or 0

    # ---- the death ----

    def pids(self):
        v, where = self.victim.replace("leader_", ""), self.where
        if self.victim == "leader_rank" and self.step == "electing":
            where = self.new_leader()
        if v in ("rank", "launcher"):
            return hosts.find("berthd" if v == "rank" else "berth-launcher",
                              where)
        if v == "host":
            within(10, lambda: hosts.find("berth-framework", None, "mpi"))
            return hosts.find("berth-framework", None, "mpi")[:1]
        if v == "cli":
            return [self.follower.pid]
        ours = [p for p in hosts.processes() if p.args[-1:] == ["victim"] and
                p.args[0].startswith(P)]
        loads = [p for p in hosts.processes() if p.args == ["sleep", "0.3"]]
        tasks = sorted(ours + loads, key=lambda p: (
            p.node != where, p in loads))[:1]
        if v == "task":
            return [p.pid for p in tasks]
        return hosts.shepherds_of(tasks) or hosts.find(
            "berth-shepherd", where, "p.batch.0")

    def new_leader(self):
        """Of the election that goes on: it has just been won."""
        within(30, lambda: hosts.leader() not in ("", self.old_leader), 0.05)
        self.where = hosts.leader() or self.old_leader
        return self.where

    def die(self):
        self.extra = [submit("extra", "-w", ",".join(self.bystanders.pair),
                             "--", ONCE, "true")]
        if self.victim in NODE_DIES:
            hosts.cut_off(self.where)
            done = hosts.kill_all(self.where)
        else:
            # One may end by itself between the look and the deed.
            done = within(2, lambda: hosts.kill(self.pids()))
        self.extra.append(submit("extra", "-w", ",".join(
            self.bystanders.pair), "--", ONCE, "true"))
        return done

    # ---- afterwards ----

    def recover(self):
        """What a person does then."""
        up = None
        if self.victim == "node":
            within(30, lambda: hosts.state(self.where) == "down")
        elif self.victim == "leader_node":
            time.sleep(1)
        if self.victim in NODE_DIES:
            hosts.reconnect(self.where)
            up = hosts.bring_up()
        if self.step == "revoking":
            within(30, self.no_task_runs)
            within(30, lambda: berth("undrain", self.where).returncode == 0 or
                   hosts.state(self.where) == "up")
        if up is not None and up.wait(timeout=120) != 0:
            with open(os.path.join(WORK, "up.log"), encoding="utf-8") as f:
                self.faults.append("berth up: " + f.read()[-300:])

    def no_task_runs(self):
        job = query("show", str(self.number())) if self.number() else {}
        return not any(t["state"] != "ended"
                       for t in job.get("task_list", ()))

    def ours(self):
        return [j for j in hosts.jobs()
                if j["id"] > self.before and j["name"] != "bystander"]

    def all_ended(self):
        known = self.ours()
        return known and all(j["state"] == "ended" for j in known)

    def check_jobs(self):
        extra = [i for i in map(accepted_id, self.extra) if i]
        if not within(END_S, self.all_ended):
            self.faults.append("jobs that do not end: " + "; ".join(
                hosts.tell(j["id"]) for j in self.ours()
                if j["state"] != "ended"))
        jobs = {j["id"]: j for j in self.ours()}
        for i in [self.load, self.calm, *extra]:
            if i not in jobs:
                self.faults.append(f"job {i} was accepted and is not known")
        may = MAY_END.get(self.victim, {"m": set(), "a": set()})
        for j in jobs.values():
            good = {"done"} | {"victim": may["m"],
                               "load": may["a"]}.get(j["name"], set())
            if j["state"] == "ended" and j["outcome"] not in good:
                self.faults.append("it ended so: " + hosts.tell(j["id"]))
        self.number()
        return jobs

    def check_marks(self, jobs):
        for (job, what), starts in sorted(marks().items()):
            if job <= self.before or len(starts) == 1:
                continue
            name = jobs.get(job, {}).get("name", "?")
            indices = [index for index, _ in starts]
            if len(set(indices)) < len(indices):
                self.faults.append(f"a task ran twice: {name} {job}, "
                                   f"{what}: {starts}")
            elif name != "victim" and self.step != "revoking":
                self.faults.append(f"started again: {name} {job}, {what}: "
                                   f"{starts}: {hosts.tell(job)}")
            elif self.step != "revoking":
                self.notes.append(f"{name} {job}, {what} began {starts}")

    def check_output(self, jobs):
        if self.victim == "cli":
            self.follower.wait()
            return
        try:
            code = self.follower.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.faults.append("berth mpirun does not end")
            self.follower.kill()
            return
        job = jobs.get(self.job)
        with open(self.out + ".err", encoding="utf-8",
                  errors="replace") as f:
            said = f.read()[-300:]
        if job is None:
            if code == 0:
                self.faults.append("berth mpirun ends with 0 and no job")
            self.notes.append("not accepted: " + said.strip())
        elif (code == 0) != (job["outcome"] == "done"):
            self.faults.append(f"berth mpirun ends with {code}, its job as "
                               f"{job['outcome']}: {said}")
        elif code == 0 and self.step != "revoking":
            self.check_lines()

    def check_lines(self):
        """All that was printed, once, in order."""
        seen = collections.Counter()
        with open(self.out, encoding="ascii", errors="replace") as f:
            for line in f:
                if self.step != "printing":
                    seen[line.split(" of ")[0]] += 1
                    continue
                rank, number = line.split(":")[:2]
                if int(number) != seen[rank]:
                    self.faults.append(f"rank {rank}: line {number} comes as "
                                       f"{seen[rank]}")
                    return
                seen[rank] += 1
        want = ({str(r): 31250 for r in range(4)} if self.step == "printing"
                else {f"hello rank {r}": 1 for r in range(4)})
        if dict(seen) != want:
            self.faults.append(f"its output: {dict(seen)}")

    def check_rest(self):
        if not within(20, lambda: not hosts.strays(self.load, P)):
            self.faults.append(f"left: {hosts.strays(self.load, P)}")
        hurt = self.bystanders.hurt(self.victim, self.step, self.where)
        if hurt:
            self.faults.append(f"bystanders were hurt: {hurt}")
        if not within(UP_S, hosts.all_up):
            self.faults.append("nodes are not up: " + str(
                {n["name"]: n["state"] for n in hosts.nodes()}))
        if not within(30, hosts.frameworks_there):
            self.faults.append("frameworks are not there")

    def run(self):
        """None: there was nobody to kill."""
        events = None
        try:
            self.begin()
            events = hosts.Events()
            self.bring_to(events)
            died = self.die()
            self.recover()
            jobs = self.check_jobs()
            self.check_marks(jobs)
            self.check_output(jobs)
            self.check_rest()
        finally:
            if events:
                events.close()
            if self.follower and self.follower.poll() is None:
                self.follower.kill()
        return self.faults if died else None


def chosen():
    """The cells that are asked for, in order."""
    everything = [f"{v}:{s}" for v in VICTIMS for s in STEPS]
    want = os.environ.get("KILL_CELLS", "short")
    if "KILL_SEED" in os.environ:
        rnd = random.Random(int(os.environ["KILL_SEED"]))
        end = time.time() + int(os.environ.get("KILL_FOR", "60"))
        while time.time() < end:
            yield rnd.choice(everything)
        return
    cells = {"short": SHORT, "all": everything}.get(want, want.split())
    for c in cells:
        v, _, s = c.partition(":")
        yield from [e for e in everything
                    if e == c or (s == "*" and e.startswith(v + ":")) or
                    (v == "*" and e.endswith(":" + s))]


def is_open(cell):
    known = os.environ.get("KILL_OPEN", "").split()
    return cell in known or cell.split(":")[0] + ":*" in known


class Report:
    """A table, victims down, steps across: runs that were well of all."""

    def __init__(self):
        self.runs = collections.defaultdict(list)
        self.faults = []

    def note(self, cell, faults, seconds):
        self.runs[cell].append(not faults if faults is not None else None)
        if faults:
            self.faults.append(f"{cell} ({seconds:.1f} s): " +
                               " | ".join(faults))

    def text(self):
        lines = ["well/all".ljust(16) + "".join(s.rjust(11) for s in STEPS)]
        for v in VICTIMS:
            row = v.ljust(16)
            for s in STEPS:
                runs = [r for r in self.runs.get(f"{v}:{s}", ())
                        if r is not None]
                row += (f"{sum(runs)}/{len(runs)}" if runs else
                        "-").rjust(11)
            lines.append(row)
        return "\n".join(lines + self.faults) + "\n"


def main():
    make_once()
    bystanders = Bystanders(hosts.node_names())
    rnd = random.Random(int(os.environ.get("KILL_SEED", "1")))
    report, failed = Report(), 0
    for cell in chosen():
        victim, step = cell.split(":")
        begun = time.time()
        c = Cell(victim, step, bystanders, rnd)
        faults = c.run()
        took = time.time() - begun
        report.note(cell, faults, took)
        what = f"{victim} dies, {step}"
        if faults is None:
            print(f"skip {what}: it is not there at this step")
        elif not faults:
            print(f"ok {what} ({took:.1f} s)")
        elif is_open(cell):
            print(f"skip {what}: known as open: {'; '.join(faults)}")
        else:
            failed += 1
            print(f"not ok {what} ({took:.1f} s, on {c.where})")
        for text in (faults or []) + c.notes:
            print("# " + text.replace("\n", " "))
        sys.stdout.flush()
        if failed and os.environ.get("KILL_STOP"):
            break
    text = report.text()
    print("".join(f"# {line}\n" for line in text.splitlines()), end="")
    if os.environ.get("KILL_REPORT"):
        with open(os.environ["KILL_REPORT"], "w", encoding="utf-8") as f:
            f.write(text)
    for j in hosts.jobs():
        if j["state"] != "ended":
            berth("cancel", str(j["id"]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
