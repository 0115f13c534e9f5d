#!/usr/bin/env python3
"""Applies from end to end against the lab, and prints what came of them as JSON.

    benches/apply.py --binary target/release/matchplan [--links 5000] [--users 20000] [--peer-links 2000] [SCENARIO …]

Scenarios (all of them without a name):

    free        no throttle: what the work itself takes
    published   the published limits: at most 1.05 of 150 s for each further window of 3,000 writes, and `free`
    half        half of the limits, unannounced, and 429 without Retry-After: at most 1.3 of its own bound
    peer        no throttle, 50 ms for each exchange, 2 ms for each write of a batch: against benches/peer/bulk_match.py

Everything runs on loopback in a temporary folder. `peer` needs the packages of benches/peer/requirements.txt, in the Python
that runs this, or named with --python.
"""
import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
WINDOW, WRITES = 150, 3000


class Lab:
    """A lab that serves a generated world."""

    def __init__(self, binary, folder, users, links, throttle, latency="0ms", batch_write="0ms"):
        self.binary, self.folder, self.throttle = binary, folder, throttle
        (folder / "plans").mkdir()
        self.run("lab", "world", "--users", users, "--links", links, "--seed", 1, "--out", "world.json", "--plan", "plans/bulk.toml")
        self.server = subprocess.Popen(
            [binary, "lab", "serve", "--world", "world.json", "--throttle", throttle, "--latency", latency,
             "--batch-write-cost", batch_write],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment(folder))
        self.ready = json.loads(self.server.stdout.readline())
        self.configure()

    def configure(self):
        ready, binary = self.ready, json.dumps(str(self.binary))
        # Where the lab has no limits, the program must not keep to the published ones of its own accord.
        limits = "limits = { writes = 1000000, resource_units = 1000000 }" if self.throttle == "off" else ""
        control = json.dumps(ready["control_url"])
        text = f"""version = 1
[entra]
tenant = {json.dumps(ready["tenant_id"])}
cloud = {{ login = {json.dumps(ready["graph_url"])}, graph = {json.dumps(ready["graph_url"])} }}
credential = "client-secret"
client_id = {json.dumps(ready["client_id"])}
secret = {{ env = "GRAPH_SECRET" }}
{limits}
[[ad]]
name = "corp"
url = {json.dumps(ready["ldap_url"])}
base_dn = {json.dumps(ready.get("base_dn", "DC=corp,DC=contoso,DC=com"))}
user = {json.dumps(ready["bind_dn"])}
password = {{ env = "LDAP_PASSWORD" }}
[sync]
synced_ous = ["OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com"]
trigger = {{ command = [{binary}, "lab", "cycle", "--control", {control}] }}
status = {{ command = [{binary}, "lab", "status", "--control", {control}] }}
poll = "1s"
[guard]
max_links = 1000000
"""
        (self.folder / "matchplan.toml").write_text(text)
        self.secrets = {"GRAPH_SECRET": ready["client_secret"], "LDAP_PASSWORD": ready["bind_password"]}

    def run(self, *arguments, **more):
        command = [str(self.binary), *map(str, arguments)]
        return subprocess.run(command, cwd=self.folder, check=True, text=True, capture_output=True,
                              env=environment(self.folder) | more)

    def served(self):
        return json.loads(self.run("lab", "usage", "--control", self.ready["control_url"]).stdout)

    def close(self):
        self.server.terminate()
        self.server.wait()


def environment(folder):
    return os.environ | {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "NO_COLOR": "1"}


def apply(lab, links):
    """One apply, with its time, its peak memory and what the servers counted."""
    before = lab.served()["graph"]
    began = time.monotonic()
    ended = subprocess.run([str(lab.binary), "apply", "--yes"], cwd=lab.folder, text=True, capture_output=True,
                           env=environment(lab.folder) | lab.secrets)
    seconds = time.monotonic() - began
    after = lab.served()["graph"]
    spent = {name: after[name] - before[name] for name in ["exchanges", "requests", "batches", "writes", "resource_units", "throttled"]}
    if ended.returncode != 0:
        print(ended.stdout[-2000:], ended.stderr[-4000:], file=sys.stderr)
    return {
        "links": links, "exit": ended.returncode, "seconds": round(seconds, 2),
        "refused_percent": round(100 * spent["throttled"] / max(spent["requests"], 1), 3),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        # One read before, one write and one read back; one look before the cycle and one after it, fifteen users at a time.
        "lower_bound_requests": 3 * links + 2 * math.ceil(links / 15), **spent,
    }


def scenario(options, throttle, links, **more):
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(options.binary, Path(folder), options.users, links, throttle, **more)
        try:
            return apply(lab, links)
        finally:
            lab.close()


def free(options, results):
    return scenario(options, "off", options.links)


def bounded(options, results, throttle, writes):
    work = results.get("free") or free(options, results)
    bound = WINDOW * (math.ceil(options.links / writes) - 1) + work["seconds"]
    result = scenario(options, throttle, options.links)
    return result | {"bound_seconds": round(bound, 2), "ratio": round(result["seconds"] / bound, 3)}


def peer(options, results):
    slow = {"latency": "50ms", "batch_write": "2ms"}
    links = options.peer_links
    ours = scenario(options, "off", links, **slow)
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(options.binary, Path(folder), options.users, links, "off", **slow)
        try:
            rows = lab.run("validate").stdout and csv_of(Path(folder) / "plans/bulk.toml")
            (Path(folder) / "users.csv").write_text(rows)
            ready = lab.ready
            script = [options.python, str(HERE / "peer/bulk_match.py"), "users.csv", "--ldap", ready["ldap_url"], "--bind", ready["bind_dn"],
                      "--base", "DC=corp,DC=contoso,DC=com", "--graph", ready["graph_url"], "--token", ready["token"],
                      "--move-to", "OU=Users,OU=Corp,DC=corp,DC=contoso,DC=com"]
            ended = subprocess.run(script, cwd=folder, text=True, capture_output=True, env=environment(Path(folder)) | lab.secrets)
            if ended.returncode != 0:
                print(ended.stdout, ended.stderr[-3000:], file=sys.stderr)
            theirs = json.loads(ended.stdout)
        finally:
            lab.close()
    return {"ours": ours, "theirs": theirs, "times_quicker": round(theirs["seconds"] / ours["seconds"], 1)}


def csv_of(plan):
    """The links of a match plan as the script's CSV."""
    import tomllib
    links = tomllib.loads(plan.read_text())["link"]
    return "SamAccountName,CloudUPN\n" + "".join(f"{link['ad']},{link['cloud']}\n" for link in links)


SCENARIOS = {
    "free": free,
    "published": lambda options, results: bounded(options, results, "published", WRITES),
    "half": lambda options, results: bounded(options, results, "half,silent,no-retry-after", WRITES // 2),
    "peer": peer,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--links", type=int, default=5_000)
    parser.add_argument("--peer-links", type=int, default=2_000)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []])
    options = parser.parse_args()
    results = {}
    for name in options.scenarios or SCENARIOS:
        results[name] = SCENARIOS[name](options, results)
        print(json.dumps({name: results[name]}), flush=True)


if __name__ == "__main__":
    main()
