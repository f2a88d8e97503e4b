"""What cut.sh needs beside the shell: it asks the ranks by their Unix sockets,
which no cut of the network reaches.

  cut.py ask NODE METHOD PATH [BODY]   prints the status, 0: no answer in 2 s
  cut.py watch FILE    until SIGTERM: asks all ranks who leads; then FILE says
                       whether two ever acted, and how long nobody did
  cut.py join KILL|STOP ROUNDS
                       a follower's rank is killed, and the one that takes its
                       place is killed, or stopped for CUT_HOLD s (3), while
                       it joins the others; prints how long nobody led at the longest
  cut.py load FILE     until SIGTERM: submits a job at a time, each of which
                       puts its number into FILE; then FILE.told has those that
                       were acknowledged
"""
import functools
import glob
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

WORK, DIR = os.environ["WORK"], os.environ["BERTH_DIR"]
over = threading.Event()


def doors():
    paths = glob.glob(WORK + "/tmp.*/berth-*/*/*/api.sock") + \
        glob.glob(DIR + "/*/api.sock")
    return {p.split("/")[-2]: p for p in paths}


@functools.cache
def token():
    with open(DIR + "/contact") as f:
        return json.load(f)["token"]


def ask(path, method, what, body="", limit=2.0):
    """(status, text); 0: no answer."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(limit)
    try:
        s.connect(path)
        s.sendall(("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                   "Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (
                       method, what, token(), len(body), body)).encode())
        got = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            got += part
        head, _, text = got.partition(b"\r\n\r\n")
        return int(head.split()[1]), text.decode()
    except (OSError, IndexError, ValueError):
        return 0, ""
    finally:
        s.close()


def watch_one(node, path, seen):
    while not over.is_set():
        sent = time.monotonic()
        status, text = ask(path, "GET", "/v1/status", limit=0.5)
        if status == 200:
            seen.append((sent, time.monotonic(), json.loads(text)["term"],
                         node))
        time.sleep(0.03)


def verdict(seen):
    """Whoever is asked after a later leader has answered must not answer as a
    leader of an earlier term."""
    known, at = 0, 0
    answers = sorted(seen, key=lambda s: s[1])
    for sent, _, term, node in sorted(seen):
        while at < len(answers) and answers[at][1] < sent:
            known = max(known, answers[at][2])
            at += 1
        if term < known:
            return "%s leads with term %d after term %d" % (node, term, known)
    for term in {s[2] for s in seen}:
        nodes = {s[3] for s in seen if s[2] == term}
        if len(nodes) > 1:
            return "term %d has leaders %s" % (term, sorted(nodes))
    return "one at a time"


def watch(out):
    seen = []
    threads = [threading.Thread(target=watch_one, args=(n, p, seen))
               for n, p in doors().items()]
    for t in threads:
        t.start()
    over.wait()
    for t in threads:
        t.join()
    times = sorted(s[1] for s in seen)
    gap = max(b - a for a, b in zip(times, times[1:]))
    with open(out, "w") as f:
        f.write("%s\n%d answers of %d terms, longest without one %.2f s\n" % (
            verdict(seen), len(seen), len({s[2] for s in seen}), gap))


def rank_of(node):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % pid) as f:
                name = f.read().strip()
            with open("/proc/%s/environ" % pid, "rb") as f:
                env = f.read().split(b"\0")
        except OSError:
            continue
        if name == "berthd" and ("BERTH_NODE=" + node).encode() in env:
            return int(pid)
    return None


def await_(what, limit=60):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(0.005)
    raise SystemExit("not within %d s" % limit)


def status():
    """Of who leads."""
    for path in doors().values():
        code, text = ask(path, "GET", "/v1/status", limit=0.5)
        if code == 200:
            return json.loads(text)
    return None


def nodes_up(count):
    now = status()
    return now and now["nodes"] == count and now


def lines(node):
    with open(glob.glob(WORK + "/tmp.%s/berth-*/*/%s/log/berthd.log" % (
            node, node))[0]) as f:
        return f.read().count(": rank of node ")


def join_once(how, count):
    """Let one end or stop while it joins; when that began, and ended."""
    lead = await_(lambda: nodes_up(count))["leader"]
    node = random.choice([n for n in doors() if n != lead])
    old, before = await_(lambda: rank_of(node)), lines(node)
    begin = time.monotonic()
    os.kill(old, signal.SIGKILL)
    await_(lambda: lines(node) > before)
    pid = await_(lambda: rank_of(node))
    assert pid != old
    time.sleep(random.uniform(0, 0.15))
    os.kill(pid, getattr(signal, "SIG" + how))
    if how == "STOP":
        time.sleep(float(os.environ.get("CUT_HOLD", "3")))
        os.kill(pid, signal.SIGCONT)
    await_(lambda: nodes_up(count))
    return begin, time.monotonic()


def join(how, rounds):
    seen, count, worst = [], len(doors()), []
    threads = [threading.Thread(target=watch_one, args=(n, p, seen))
               for n, p in doors().items()]
    for t in threads:
        t.start()
    try:
        for _ in range(rounds):
            begin, end = join_once(how, count)
            times = [begin] + sorted(s[1] for s in seen
                                     if begin < s[1] < end) + [end]
            worst.append(max(b - a for a, b in zip(times, times[1:])))
    finally:
        over.set()
        for t in threads:
            t.join()
    print("# %s while it joins: nobody led for %s s" % (
        how, " ".join("%.2f" % w for w in worst)))
    print(verdict(seen))


def load(out):
    told, n = [], 0
    while not over.is_set():
        n += 1
        rc = subprocess.run(
            [os.environ["BERTH"], "submit", "batch", "--", "sh", "-c",
             "echo %d >>%s" % (n, out)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        if rc == 0:
            told.append(n)
        time.sleep(0.1)
    with open(out + ".told", "w") as f:
        f.writelines("%d\n" % i for i in told)


def main():
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    if sys.argv[1] == "ask":
        print(ask(doors()[sys.argv[2]], *sys.argv[3:])[0])
    elif sys.argv[1] == "watch":
        watch(sys.argv[2])
    elif sys.argv[1] == "join":
        join(sys.argv[2], int(sys.argv[3]))
    else:
        load(sys.argv[2])


main()
