"""This project's CertLogic, asked the same as certlogic-js."""

import json
import sys
import time

from gate.errors import GateError
from gate.rules import certlogic

question = json.load(sys.stdin)
rules = [certlogic.compile(logic) for logic in question["rules"]]


def judge(payload):
    """Every rule over one content."""
    data = {"payload": payload, "external": question["external"]}
    return [_holds(rule, data) for rule in rules]


def _holds(rule, data):
    try:
        return rule(data) is True
    except GateError:
        return False


for payload in question["payloads"][:50]:
    judge(payload)
accepted, microseconds = [], []
for payload in question["payloads"] * 5:
    begun = time.perf_counter_ns()
    accepted.append(judge(payload))
    microseconds.append((time.perf_counter_ns() - begun) / 1000)
json.dump({"accepted": accepted, "microseconds": microseconds}, sys.stdout)
