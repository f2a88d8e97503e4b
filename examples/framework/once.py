#!/usr/bin/env python3
"""A framework in Python, with the standard library alone.

Each job is one task in one slice, as in examples/plugin/once.c, and like a
plugin in C it is a client of the HTTP API and of nothing else (doc/api.md).

    BERTH_URI=… BERTH_TOKEN=… once.py [NAME]     # NAME: "once"
    berth submit NAME -- hostname
"""
import http.client
import json
import os
import socket
import sys
import time


class Refused(Exception):
    """The broker will not have us; trying again makes no sense."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


class Broker:
    """The framework's half of the HTTP API."""

    def __init__(self, uri, token, name):
        self.uri, self.token, self.name = uri, token, name
        self.session = None
        self.queue = []

    def request(self, method, path, body=None):
        """Returns the answer; its connection is open while it is read."""
        if self.uri.startswith("unix:"):
            conn = UnixConnection(self.uri[len("unix:"):])
        else:
            conn = http.client.HTTPConnection(self.uri.split("//")[1])
        headers = {"Authorization": "Bearer " + self.token,
                   "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        conn.request(method, path, data, headers)
        answer = conn.getresponse()
        if answer.status >= 400:
            text = answer.read().decode(errors="replace")
            if answer.status in (400, 401, 403) and self.session is None:
                raise Refused(text)
            raise OSError(f"{method} {path}: {answer.status} {text}")
        return answer

    def register(self):
        self.session, self.queue = None, []
        answer = self.request("POST", "/v1/frameworks",
                              {"name": self.name, "failover_ms": 60000})
        self.session = json.load(answer)["session"]

    def events(self):
        """Events until the connection is lost; calls go out between them."""
        answer = self.request("GET", f"/v1/frameworks/{self.name}/events"
                                     f"?session={self.session}")
        for line in answer:
            yield json.loads(line)
            yield from self.flush()

    def call(self, call, **members):
        self.queue.append({"call": call, **members})

    def flush(self):
        """Send what is queued; what was refused comes as events."""
        calls, self.queue = self.queue, []
        if not calls:
            return
        answer = self.request("POST", f"/v1/frameworks/{self.name}/calls"
                                      f"?session={self.session}",
                              {"calls": calls})
        for refusal in json.load(answer)["refused"]:
            yield {"type": "error", "call": calls[refusal["index"]],
                   "error": refusal["error"]}
        if self.queue:
            yield from self.flush()


class Once:
    """One task a job."""

    def __init__(self, broker):
        self.call = broker.call
        self.slice = {}         # job → its slice, None while it waits
        self.cancelled = set()

    def handle(self, event):
        handler = getattr(self, "on_" + event["type"], None)
        if handler:
            handler(event)

    def want(self, job):
        spec = job["spec"]
        size = {k: spec[k] for k in ("cores", "memory_mib", "gpus",
                                     "gpu_vendor", "drive_mib") if k in spec}
        self.call("demand", demand={
            "id": str(job["id"]), "count": 1, "slice": size,
            "constraints": spec.get("constraints", {}),
            "prefer": spec.get("prefer", {})})

    def finish(self, job, outcome, exit_code, text=""):
        self.call("job", job=job, state="ended", outcome=outcome,
                  exit_code=exit_code, text=text)
        held = self.slice.pop(job)
        self.cancelled.discard(job)
        if held:
            self.call("release", slices=[held])

    def on_state(self, event):
        self.slice = {job["id"]: None for job in event["jobs"]}
        self.cancelled = set()
        for task in event["tasks"]:
            self.slice[task["job"]] = task["slice"]
            self.on_task({"task": task})
        for job in event["jobs"]:
            if self.slice.get(job["id"], True) is None:
                self.want(job)

    def on_job(self, event):
        self.slice[event["job"]["id"]] = None
        self.want(event["job"])

    def on_offer(self, event):
        job = int(event["demand"] or 0)
        if self.slice.get(job, True) is not None:
            self.call("decline", offer=event["offer"], filter_ms=0)
            return
        held = self.slice[job] = event["slices"][0]["id"]
        self.call("accept", offer=event["offer"], slices=[held])
        self.call("launch", launch={
            "job": job, "tasks": [{"index": 0, "slice": held}]})
        self.call("job", job=job, state="running")

    def on_task(self, event):
        task = event["task"]
        if task["state"] != "ended" or task["job"] not in self.slice:
            return
        if task["job"] in self.cancelled:
            self.finish(task["job"], "cancelled", 130, "cancelled")
        elif task["end"] == "exited":
            self.finish(task["job"], "failed" if task["exit_code"] else "done",
                        task["exit_code"], task["text"])
        else:
            self.finish(task["job"], "failed", 128 + task["signal"],
                        f"task {task['end']} on {task['node']}")

    def on_cancel(self, event):
        job = event["job"]
        if job not in self.slice:
            return
        self.cancelled.add(job)
        if self.slice[job]:
            self.call("kill", job=job)
        else:
            self.call("demand", demand={"id": str(job), "count": 0})
            self.finish(job, "cancelled", 130, "cancelled")

    def on_error(self, event):
        call = event["call"]
        print("refused:", event["error"], file=sys.stderr)
        if call["call"] == "demand":
            job = int(call["demand"]["id"])
        elif call["call"] == "launch":
            job = call["launch"]["job"]
        else:
            return
        if job in self.slice:
            self.finish(job, "failed", 2, event["error"])


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "once"
    broker = Broker(os.environ["BERTH_URI"], os.environ["BERTH_TOKEN"], name)
    framework = Once(broker)
    while True:
        try:
            broker.register()
            for event in broker.events():
                framework.handle(event)
            print("the stream of events ended", file=sys.stderr)
        except (OSError, http.client.HTTPException) as e:
            print(e, file=sys.stderr)
        time.sleep(0.5)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except Refused as e:
        sys.exit(f"once.py: {e}")
