"""churn.py - many short jobs and many deaths of ranks: does anything grow?

A round: a batch of single jobs and an array are submitted over HTTP, a rank is
killed under them (every other time the leader's), all must end well, each job
once.  At intervals a row a kind of process: memory, descriptors, threads.
"""
import collections
import http.client
import json
import os
import re
import signal
import time


class Caller:
    """The API, at whichever rank leads; a repeated submit keeps its key."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "contact")
        self.link = None

    def connect(self):
        with open(self.path) as f:
            contact = json.load(f)
        uri = contact["uri"].split("//", 1)[1].rstrip("/")
        self.token = contact["token"]
        self.link = http.client.HTTPConnection(uri, timeout=30)

    def call(self, method, path, body=None, key=None):
        """The answer; tries for a minute, since a leader may be missing."""
        text = json.dumps(body) if body is not None else None
        until = time.time() + 60
        while True:
            try:
                if self.link is None:
                    self.connect()
                head = {"Authorization": "Bearer " + self.token}
                if key:
                    head["Idempotency-Key"] = key
                self.link.request(method, path, text, head)
                answer = self.link.getresponse()
                data = answer.read()
                if answer.status < 300:
                    return json.loads(data)
                why = "%d %s" % (answer.status, data[:200])
            except (OSError, ValueError, KeyError,
                    http.client.HTTPException) as e:
                why = repr(e)
            if self.link:
                self.link.close()
            self.link = None
            if time.time() > until:
                raise SystemExit("churn: %s %s: %s" % (method, path, why))
            time.sleep(0.1)


class Churn:
    def __init__(self, bench, jobs, restarts):
        self.bench = bench
        self.api = Caller(os.path.join(bench.dir, "b"))
        self.jobs, self.restarts = jobs, restarts
        self.done = self.bad = self.serial = 0
        self.dead = set()

    # ---- work ----

    def submit(self, options=None):
        self.serial += 1
        spec = {"framework": "batch", "argv": ["/bin/true"], "cwd": "/",
                "env": {"PATH": "/usr/bin:/bin"}, "uid": os.getuid(),
                "gid": os.getgid(), "cores": 1}
        if options:
            spec["options"] = options
        return self.api.call("POST", "/v1/jobs", spec,
                             "churn-%d" % self.serial)["id"]

    def wait(self, job):
        until = time.time() + 300
        while time.time() < until:
            j = self.api.call("GET",
                              "/v1/jobs/%d?wait_ms=20000&tasks=0" % job)
            if j["state"] == "ended":
                if j["outcome"] != "done":
                    self.bad += 1
                    print("job %d: %s %s" % (job, j["outcome"], j["text"]))
                return
        raise SystemExit("churn: job %d does not end" % job)

    def leader(self):
        return self.api.call("GET", "/v1/status")["leader"]

    def ranks(self):
        """node -> pid"""
        found = {}
        for role, pid in self.bench.processes():
            if role == "berthd":
                with open("/proc/%d/environ" % pid, "rb") as f:
                    m = re.search(rb"BERTH_NODE=([^\0]+)", f.read())
                found[m.group(1).decode()] = pid
        return found

    def kill(self, k):
        lead = self.leader()
        others = sorted(n for n in self.ranks() if n != lead)
        node = lead if k % 2 == 0 else others[k // 2 % len(others)]
        pid = self.ranks().get(node)
        if pid:
            os.kill(pid, signal.SIGKILL)

    def all_up(self):
        until = time.time() + 60
        while time.time() < until:
            nodes = self.api.call("GET", "/v1/nodes")["nodes"]
            if all(n["state"] == "up" for n in nodes):
                return
            time.sleep(0.2)
        raise SystemExit("churn: not all nodes are up")

    def round(self, k, singles, array):
        """singles jobs of one task and an array, and a death among them."""
        ids = [self.submit() for _ in range(singles // 2)]
        ids.append(self.submit({"array": "0-%d" % (array - 1)}))
        if k < self.restarts:
            self.kill(k)
        ids += [self.submit() for _ in range(singles - singles // 2)]
        for job in ids:
            self.wait(job)
        if len(set(ids)) != len(ids):
            raise SystemExit("churn: an id was given twice")
        self.done += singles + array
        self.all_up()

    # ---- what it takes ----

    @staticmethod
    def facts(pid):
        with open("/proc/%d/status" % pid) as f:
            text = f.read()
        age = time.clock_gettime(time.CLOCK_BOOTTIME)
        with open("/proc/%d/stat" % pid) as f:
            began = int(f.read().rsplit(")", 1)[1].split()[19])
        return (int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024,
                len(os.listdir("/proc/%d/fd" % pid)),
                int(re.search(r"Threads:\s+(\d+)", text).group(1)),
                age - began / os.sysconf("SC_CLK_TCK"))

    def rows(self):
        lead = self.leader()
        kinds = collections.OrderedDict()
        for role, pid in sorted(self.bench.processes()):
            try:
                kind = role.replace("berth-", "")
                if role == "berthd":
                    with open("/proc/%d/environ" % pid, "rb") as f:
                        leads = ("BERTH_NODE=%s\0" % lead).encode() in f.read()
                    kind = "leader" if leads else "rank"
                kinds.setdefault(kind, []).append(self.facts(pid))
            except OSError:
                pass  # it has just ended
        return kinds

    def disk(self):
        total = {"agree": 0, "history": 0, "jobs": 0, "log": 0, "other": 0}
        for folder, _, names in os.walk(os.path.join(self.bench.dir, "b")):
            for name in names:
                try:
                    size = os.lstat(os.path.join(folder, name)).st_size
                except OSError:
                    continue
                kind = [k for k in ("agree", "jobs", "log")
                        if "/%s" % k in folder]
                kind = kind[0] if kind else \
                    "history" if name.startswith("history") else "other"
                total[kind] += size
        return total

    def sample(self, k, begin):
        print("-- %d jobs and tasks, %d restarts, %.0f s; disk MiB: %s" % (
            self.done, min(k, self.restarts), time.time() - begin,
            ", ".join("%s %.1f" % (n, v / 2**20)
                      for n, v in self.disk().items())))
        for kind, rows in self.rows().items():
            rss, fds, threads, age = zip(*rows)
            print("   %-10s x%-3d RSS %6.1f MiB (max)  fds %4d (max)  "
                  "threads %3d (max)  oldest %5.0f s" % (
                      kind, len(rows), max(rss), max(fds), max(threads),
                      max(age)), flush=True)

    def run(self):
        rounds = max(self.restarts, 10)
        each = self.jobs // rounds
        begin = time.time()
        self.sample(0, begin)
        for k in range(rounds):
            self.round(k, each // 2, each - each // 2)
            if (k + 1) % max(1, rounds // 10) == 0:
                self.sample(k + 1, begin)
        # what is kept for a while after its end has gone by then
        time.sleep(15)
        self.sample(rounds, begin)
        print("churn: %d jobs and tasks, %d did not end well" % (
            self.done, self.bad))
