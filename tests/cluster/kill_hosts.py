"""What the kill matrix sees and does: the command line's answers, processes on
the namespace hosts, what ended tasks may leave, hosts that die and come back.
"""
import collections
import glob
import json
import os
import signal
import subprocess
import threading
import time

WORK = os.environ["WORK"]
BERTH = os.environ["BUILD"] + "/bin/berth"
HOSTS = os.environ["BERTH_TEST_HOSTS"]

Process = collections.namedtuple("Process", "pid parent args node")


def within(seconds, test, pause=0.1):
    end = time.time() + seconds
    while not test():
        if time.time() > end:
            return False
        time.sleep(pause)
    return True


# ---- the command line --------------------------------------------------------

def berth(*args):
    return subprocess.run([BERTH, *args], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=100,
                          check=False)


def query(*args):
    """What a command says in JSON; empty where it fails."""
    out = berth(*args, "--json")
    return json.loads(out.stdout) if out.returncode == 0 else {}


def nodes():
    return query("nodes").get("nodes", [])


def node_names():
    return sorted(n["name"] for n in nodes())


def state(name):
    return "".join(n["state"] for n in nodes() if n["name"] == name)


def leader():
    return "".join(n["name"] for n in nodes() if n["leader"])


def all_up():
    now = nodes()
    return len(now) == 4 and all(n["state"] == "up" for n in now)


def frameworks_there():
    there = {f["name"] for f in query("frameworks").get("frameworks", [])
             if f["connected"]}
    return {"mpi", "batch"} <= there


def jobs():
    return query("jobs").get("jobs", [])


def tell(job):
    """A job and what became of its tasks, in a line."""
    j = query("show", str(job))
    if not j:
        return f"job {job}: no answer"
    tasks = ", ".join(
        f"{t['index']}{t['ranks'] or ''} {t['node']} {t['state']} {t['end']} "
        f"{t['text']}".strip() for t in j.get("task_list", ())
        if t["end"] != "exited" or t["exit_code"])
    return (f"{job} {j['name']} {j['state']} {j['outcome']} "
            f"({j['text']}) [{tasks}]")


class Events:
    """What the ledger says, from now on; ends with the leader."""

    def __init__(self):
        self.lines, self.more = [], threading.Condition()
        self.reader = subprocess.Popen(
            [BERTH, "events", "--follow"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.begun = time.time() * 1000
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.reader.stdout:
            ev = json.loads(line)
            if ev["at"] >= self.begun:
                with self.more:
                    self.lines.append(ev)
                    self.more.notify_all()

    def wait(self, kind, seconds=20, framework=None, job=None):
        """The next event of a kind; a member may be given as a function."""
        end, at = time.time() + seconds, 0
        while time.time() < end:
            with self.more:
                if at == len(self.lines):
                    self.more.wait(0.1)
                fresh, at = self.lines[at:], len(self.lines)
            for ev in fresh:
                if ev["type"] == kind and \
                        (framework is None or
                         ev.get("framework") == framework) and \
                        (job is None or ev.get("job") == job()):
                    return True
        return False

    def close(self):
        self.reader.kill()
        self.reader.wait()


# ---- processes ---------------------------------------------------------------

def read(path):
    try:
        with open(path, "rb") as f:
            return f.read().decode(errors="replace")
    except OSError:
        return ""


def processes():
    """All there are, with the node that each says it is of."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        args = read(f"/proc/{name}/cmdline").split("\0")[:-1]
        if not args:
            continue
        node = ""
        for e in read(f"/proc/{name}/environ").split("\0"):
            if e.startswith("BERTH_NODE="):
                node = e[len("BERTH_NODE="):]
        if os.path.basename(args[0]) == "berth-launcher":
            # It is told its node's name, or its folder when started again.
            node = os.path.basename(args[-1])
        stat = read(f"/proc/{name}/stat")
        parent = stat[stat.rfind(")") + 2:].split()[1:2]
        if parent:
            yield Process(int(name), int(parent[0]), args, node)


def find(program, node=None, word=None):
    return [p.pid for p in processes()
            if os.path.basename(p.args[0]) == program and
            node in (None, p.node) and (word is None or word in p.args)]


def shepherds_of(tasks):
    by_pid = {p.pid: p for p in processes()}
    for t in tasks:
        p = by_pid.get(t.parent)
        while p and os.path.basename(p.args[0]) != "berth-shepherd":
            p = by_pid.get(p.parent)
        if p:
            return [p.pid]
    return []


def kill(pids):
    """Was there anybody?"""
    done = False
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            done = True
        except ProcessLookupError:
            pass
    return done


# ---- hosts -------------------------------------------------------------------

def host_pid(name):
    return read(f"{HOSTS}/{name}.pid").strip()


def cut_off(name):
    subprocess.run(["ip", "link", "set", "v" + name[1:], "down"], check=True)


def reconnect(name):
    subprocess.run(["ip", "link", "set", "v" + name[1:], "up"], check=True)


def kill_all(name):
    """Its power is off: every process there but the first, and its memory."""
    subprocess.run(["nsenter", "-t", host_pid(name), "-p", "-m", "--", "sh",
                    "-c", "kill -9 -1"], check=False,
                   stderr=subprocess.DEVNULL)
    subprocess.run(["nsenter", "-t", host_pid(name), "-m", "--", "sh", "-c",
                    "rm -rf /dev/shm/*"], check=False)
    return True


def bring_up():
    """The user's command once more: it starts what is missing."""
    with open(os.path.join(WORK, "up.log"), "wb") as log:
        return subprocess.Popen(os.environ["KILL_UP"].split("\t"),
                                stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log)


# ---- what is left ------------------------------------------------------------

def mapped(host):
    """Paths in /dev/shm that a process of the host has mapped or open."""
    out = set()
    inside = os.readlink(f"/proc/{host}/ns/mnt")
    for p in os.listdir("/proc"):
        try:
            if not p.isdigit() or \
                    os.readlink(f"/proc/{p}/ns/mnt") != inside:
                continue
            maps = read(f"/proc/{p}/maps")
            fds = [os.readlink(f) for f in glob.glob(f"/proc/{p}/fd/*")]
        except OSError:
            continue
        out.update(line.split()[5] for line in maps.splitlines()
                   if "/dev/shm/" in line)
        out.update(f for f in fds if f.startswith("/dev/shm/"))
    return out


def shm_strays(name):
    host = host_pid(name)
    root = f"/proc/{host}/root"
    files = [f[len(root):] for f in glob.glob(f"{root}/dev/shm/**",
                                              recursive=True)
             if os.path.isfile(f)]
    return sorted(set(files) - mapped(host)) if files else []


def cgroup_strays(name):
    """Of the node, without a process; its name ends with the folder's number.
    """
    folder = f"/proc/{host_pid(name)}/root/tmp/berth-0/default/{name}"
    try:
        number = os.stat(folder).st_ino
    except OSError:
        return []
    left = []
    for path in glob.glob(f"/sys/fs/cgroup/**/berth-*-{number:x}/*/",
                          recursive=True):
        # Of jobs: Berth's own may be about to be used.
        if os.path.basename(path[:-1]).startswith("j") and \
                not read(path + "cgroup.procs").strip():
            left.append(path)
    return left


def strays(load, programs):
    """What ended jobs left."""
    out = [f"process {p.pid} {' '.join(p.args)[:80]} on {p.node}"
           for p in processes() if p.args[-1:] == ["victim"] and
           p.args[0].startswith(programs) or p.args == ["sleep", "0.3"]]
    for name in node_names():
        out += [f"{name}:{f}" for f in shm_strays(name)]
        out += [f"{name}:{f}" for f in cgroup_strays(name)]
    return out
