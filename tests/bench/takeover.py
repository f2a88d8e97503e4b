"""How long nobody schedules when a leader is lost, inside the hosts that
takeover.sh has made.

  killed    the leader's process is killed
  cut       the link of the leader's node goes down
  restart   every process of Berth is killed, and berth up is called again

From the loss (or the call of berth up) to the answer of a berth submit that is
called 10 ms later, and to the start of its task; restart: to the end of berth
up, and to the start of the first task of a job that was accepted before.
"""
import glob
import json
import os
import signal
import statistics
import subprocess
import sys
import time

WORK, BUILD = os.environ["WORK"], os.environ["BUILD"]
BERTH = os.path.join(BUILD, "bin", "berth")
HOSTS = os.environ["BERTH_TEST_HOSTS"]


def berth(*args, timeout=60):
    return subprocess.run([BERTH, *args], stdout=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          timeout=timeout)


def ask(*args):
    got = berth(*args, "--json")
    return json.loads(got.stdout) if got.returncode == 0 else {}


def until(what, fits, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        if fits():
            return
        time.sleep(0.05)
    raise SystemExit("takeover: not within %d s: %s" % (seconds, what))


def well():
    """All nodes are up, all voters vote, and all hosts are there."""
    nodes = ask("nodes").get("nodes", [])
    names = [f["name"] for f in ask("frameworks").get("frameworks", [])
             if f.get("connected", True)]
    up = [n for n in nodes if n["state"] == "up"]
    voters = ask("status").get("voters", [])
    return (len(up) == len(glob.glob(HOSTS + "/*.pid")) and
            len(voters) >= min(len(up), 5) - (len(up) + 1) % 2 and
            {"mpi", "batch"} <= set(names))


def leader():
    return ask("status").get("leader")


def pids():
    """(name, node, pid) of Berth's processes."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % pid) as f:
                name = f.read().strip()
            with open("/proc/%s/environ" % pid, "rb") as f:
                env = dict(e.split(b"=", 1) for e in f.read().split(b"\0")
                           if b"=" in e)
        except OSError:
            continue
        if name.startswith("berth"):
            found.append((name, env.get(b"BERTH_NODE", b"").decode(),
                          int(pid)))
    return found


def rank_of(node):
    return [p for n, at, p in pids() if n == "berthd" and at == node][0]


def first_task(mark, begin):
    until("a first task", lambda: os.path.exists(mark) and
          os.path.getsize(mark) > 0)
    with open(mark) as f:
        return int(f.read().split()[0]) / 1e9 - begin


def submit(mark):
    return subprocess.Popen(
        [BERTH, "submit", "batch", "--", "sh", "-c",
         "date +%%s%%N >%s" % mark], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def after_loss(mark, lose):
    """Seconds to the answer and to the task."""
    begin = time.time()
    lose()
    time.sleep(0.01)
    call = submit(mark)
    out, _ = call.communicate(timeout=60)
    answered = time.time() - begin
    if call.returncode != 0:
        raise SystemExit("takeover: berth submit: " + out)
    return answered, first_task(mark, begin)


def killed(mark):
    pid = rank_of(leader())
    return after_loss(mark, lambda: os.kill(pid, signal.SIGKILL))


def link(node, state):
    subprocess.run(["ip", "link", "set", "v" + node[1:], state], check=True)


def cut(mark):
    node = leader()
    try:
        return after_loss(mark, lambda: link(node, "down"))
    finally:
        time.sleep(1)
        link(node, "up")


def lines_since(mark, begin):
    try:
        with open(mark) as f:
            return [t for t in (int(line) / 1e9 - begin for line in f)
                    if t > 0]
    except FileNotFoundError:
        return []


def restart(mark):
    # More of them than there is room for.
    old = berth("submit", "batch", "--array", "0-63", "--", "sh", "-c",
                "date +%%s%%N >>%s; exec sleep 600" % mark).stdout.split()[-1]
    until("a task", lambda: lines_since(mark, 0))
    time.sleep(0.5)
    for _, _, pid in pids():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    time.sleep(0.5)
    begin = time.time()
    up = berth("up", "--hosts", WORK + "/hostfile", "--rsh", WORK + "/rsh",
               "--topology", "package:1 l3:2 core:2 pu:1")
    answered = time.time() - begin
    if up.returncode != 0:
        raise SystemExit("takeover: berth up: " + up.stderr)
    until("a first task", lambda: lines_since(mark, begin))
    berth("cancel", old)
    return answered, min(lines_since(mark, begin))


def main():
    what = [a for a in sys.argv[1:] if a in ("killed", "cut", "restart")]
    rounds = [int(a) for a in sys.argv[1:] if a.isdigit()] or [20]
    print("# time without a scheduler (s; median and worst of %d)" % rounds[0])
    print("# %-8s  %17s  %17s" % ("", "answered", "first task"))
    for kind in what or ["killed", "cut", "restart"]:
        got = []
        for i in range(rounds[0]):
            until("all is well", well)
            time.sleep(1)
            got.append(globals()[kind]("%s/mark.%s.%d" % (WORK, kind, i)))
            if "-v" in sys.argv:
                print("#   %s %d: %.3f %.3f" % (kind, i, *got[-1]))
                sys.stdout.flush()
        columns = list(zip(*got))
        print("# %-8s  %s" % (kind, "  ".join(
            "%8.3f %8.3f" % (statistics.median(c), max(c)) for c in columns)))
        sys.stdout.flush()


main()
