#!/usr/bin/env python3
"""Keeps what Microsoft's description of Graph can speak for, of the traffic that the tests recorded.

    described.py FOLDER PATTERN … -- TRACE …

Each trace (one exchange as JSON in a line) is written to the folder without the exchanges whose address matches one of
the patterns, for which there is no description; so is a request inside a batch, with its answer, while the rest of the
batch stays. What was left out is counted on standard output.

The rules of PIM's policies are left out of the answers too: each is of a type that is derived from
unifiedRoleManagementPolicyRule, and the checker holds it against that base, so that even the answers in Microsoft's own
documentation would fail. Requests, and everything else in these answers, stay.

So are the two parameters of a restore: Microsoft's metadata document of v1.0 has them, and the OpenAPI description that is
made from it does not. Any other member stays, for the checker to name.
"""

import json
import re
import sys
from pathlib import Path


def main(folder, *arguments):
    end = arguments.index("--")
    strangers = {re.compile(pattern): 0 for pattern in arguments[:end]}

    def is_described(url):
        for stranger in strangers:
            if stranger.search(url):
                strangers[stranger] += 1
                return False
        return True

    for trace in map(Path, arguments[end + 1:]):
        with open(trace, encoding="utf-8") as lines, open(Path(folder) / trace.name, "w", encoding="utf-8") as kept:
            for exchange in map(json.loads, lines):
                if described(exchange, is_described):
                    print(json.dumps(exchange), file=kept)
    for stranger, count in strangers.items():
        print(f"not checked, as it is not described: {count:6} requests to {stranger.pattern}".replace("\\", ""))


def described(exchange, is_described):
    """Takes out of an exchange what is not described. False if nothing is left of it."""
    url = exchange["url"]
    if url.endswith("/$batch"):
        return without_strangers(exchange, url.removesuffix("/$batch"), is_described)
    without_rules(url, exchange, "response_body")
    without_parameters(url, exchange, "request_body")
    return is_described(url)


def without_strangers(exchange, version, is_described):
    """Takes the strangers out of a batch. False if nothing is left of it."""
    with parsed(exchange, "request_body") as request, parsed(exchange, "response_body") as response:
        if not isinstance(request, dict) or not isinstance(request.get("requests"), list):
            return True  # a broken batch is for the checker to name
        strangers = {inner["id"] for inner in request["requests"] if not is_described(version + inner["url"])}
        urls = {inner["id"]: inner["url"] for inner in request["requests"]}
        request["requests"] = [inner for inner in request["requests"] if inner["id"] not in strangers]
        for inner in request["requests"]:
            without_parameters(inner["url"], inner, "body")
        if isinstance(response, dict) and isinstance(response.get("responses"), list):
            # An answer to nothing that was asked stays, too: it is for the checker to name.
            response["responses"] = [inner for inner in response["responses"] if inner["id"] not in strangers]
            for inner in response["responses"]:
                without_rules(urls.get(inner["id"], ""), inner, "body")
        return bool(request["requests"])


def without_rules(url, holder, key):
    if "/policies/roleManagementPolicyAssignments" not in url:
        return
    with parsed(holder, key) as body:
        for assignment in (body or {}).get("value", []):
            (assignment.get("policy") or {}).pop("rules", None)


def without_parameters(url, holder, key):
    if not re.search("/directory/deletedItems/[^/]*/restore$", url):
        return
    with parsed(holder, key) as body:
        for parameter in ("newUserPrincipalName", "autoReconcileProxyConflict"):
            (body or {}).pop(parameter, None)
    if body == {}:
        del holder[key]


class parsed:
    """A body as data for as long as it is looked at, then again in the form (text or data) that it had."""

    def __init__(self, holder, key):
        self.holder, self.key = holder, key

    def __enter__(self):
        body = self.holder.get(self.key)
        self.is_text = isinstance(body, str)
        self.body = json.loads(body) if self.is_text and body else body
        return self.body

    def __exit__(self, *_):
        if self.key in self.holder and self.body not in (None, ""):
            self.holder[self.key] = json.dumps(self.body) if self.is_text else self.body


if __name__ == "__main__":
    main(*sys.argv[1:])
