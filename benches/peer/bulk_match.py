#!/usr/bin/env python3
"""The bulk script that administrators use today, for comparison: one user after the other.

For each row of a CSV file (SamAccountName,CloudUPN) it finds the AD user, turns its objectGUID into an ImmutableID, finds the
cloud user, writes the ImmutableID, and moves the AD user into the synced OU. It keeps no journal, checks nothing before it
writes and reads nothing back, as the scripts of guides do.

    bulk_match.py users.csv --ldap URL --bind DN --base DN --move-to DN --graph URL --token TOKEN

The bind password is read from LDAP_PASSWORD. Prints one JSON line: how many users, how many failed, seconds.
"""
import argparse
import base64
import csv
import json
import os
import ssl
import sys
import time

import ldap3
import requests
from ldap3.utils.conv import escape_filter_chars


def match(row, ad, graph, options):
    found = ad.search(
        options.base,
        f"(sAMAccountName={escape_filter_chars(row['SamAccountName'])})",
        attributes=["objectGUID", "distinguishedName"],
    )
    if not found or len(ad.entries) != 1:
        return f"{row['SamAccountName']} is not there"
    entry = ad.entries[0]
    immutable_id = base64.b64encode(entry.objectGUID.raw_values[0]).decode()
    answer = graph.get(f"{options.graph}/v1.0/users/{row['CloudUPN']}?$select=id,onPremisesImmutableId")
    if answer.status_code != 200:
        return f"{row['CloudUPN']}: {answer.status_code}"
    user = answer.json()["id"]
    answer = graph.patch(f"{options.graph}/v1.0/users/{user}", json={"onPremisesImmutableId": immutable_id})
    while answer.status_code == 429:
        time.sleep(float(answer.headers.get("Retry-After", 10)))
        answer = graph.patch(f"{options.graph}/v1.0/users/{user}", json={"onPremisesImmutableId": immutable_id})
    if answer.status_code != 204:
        return f"{row['CloudUPN']}: {answer.status_code} {answer.text}"
    dn = entry.entry_dn
    if options.move_to and not ad.modify_dn(dn, dn.split(",", 1)[0], new_superior=options.move_to):
        return f"{dn}: {ad.result}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv")
    for name in ["ldap", "bind", "base", "graph", "token"]:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--move-to")
    parser.add_argument("--limit", type=int, help="only so many rows")
    options = parser.parse_args()
    with open(options.csv, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))[: options.limit]
    tls = ldap3.Tls(validate=ssl.CERT_NONE)
    server = ldap3.Server(options.ldap, tls=tls, get_info=ldap3.NONE)
    ad = ldap3.Connection(server, options.bind, os.environ["LDAP_PASSWORD"], auto_bind=True)
    graph = requests.Session()
    graph.headers["Authorization"] = f"Bearer {options.token}"
    began = time.monotonic()
    failed = [why for why in (match(row, ad, graph, options) for row in rows) if why]
    took = time.monotonic() - began
    for why in failed[:5]:
        print(why, file=sys.stderr)
    print(json.dumps({"users": len(rows), "failed": len(failed), "seconds": round(took, 3)}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
