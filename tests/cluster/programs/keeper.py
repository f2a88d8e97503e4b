#!/usr/bin/env python3
"""A framework that says which of its slices it can do without.

Its one job is so many tasks, each in a slice of its own.  When slices are to be
given back it names those of the first tasks, so many as are expendable, in their
place.  Each event is a line of output.

    keeper.py TASKS EXPENDABLE
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ["TOP"], "examples/framework"))
from once import Broker  # noqa: E402


class Keeper:
    def __init__(self, broker, tasks, expendable):
        self.call, self.tasks = broker.call, tasks
        self.expendable = expendable
        self.job, self.slices = None, []
        self.leaving = set()

    def handle(self, event):
        handler = getattr(self, "on_" + event["type"], None)
        print(event["type"], event.get("slice", event.get("error", "")),
              flush=True)
        if handler:
            handler(event)

    def on_job(self, event):
        self.job = event["job"]["id"]
        self.call("demand", demand={"id": "d", "count": self.tasks,
                                    "separate": True, "slice": {"cores": 1}})

    def on_offer(self, event):
        held = [s["id"] for s in event["slices"]]
        first = len(self.slices)
        self.slices += held
        self.call("accept", offer=event["offer"], slices=held)
        self.call("launch", launch={"job": self.job, "tasks": [
            {"index": first + i, "slice": s} for i, s in enumerate(held)]})

    def on_revoke(self, event):
        """Those we can do without go at once, in place of others too."""
        slice = event["slice"]
        cheap = self.slices[:self.expendable]
        if slice in cheap:
            self.leaving.add(slice)
            self.call("yield", slices=[slice])
            return
        for other in cheap:
            if other not in self.leaving:
                self.leaving.add(other)
                self.call("yield", slices=[slice], instead=[other])
                return
        self.call("yield", slices=[slice])

    def on_error(self, event):
        call = event["call"]
        if call["call"] == "yield" and "instead" in call:
            self.on_revoke({"slice": call["slices"][0]})


def main():
    broker = Broker(os.environ["BERTH_URI"], os.environ["BERTH_TOKEN"],
                    "keeper")
    keeper = Keeper(broker, int(sys.argv[1]), int(sys.argv[2]))
    answer = broker.request("POST", "/v1/frameworks", {
        "name": "keeper", "role": "guest", "react_ms": 1000})
    broker.session = json.load(answer)["session"]
    for event in broker.events():
        keeper.handle(event)


main()
