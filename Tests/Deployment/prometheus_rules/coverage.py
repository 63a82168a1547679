"""Fails for an alert that no test shows firing, or none shows staying silent; and for one that says too little."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

RULES = Path("monitoring/rules")
ANNOTATIONS = ("summary", "description", "runbook_url")
SEVERITIES = {"page", "ticket", "none"}
ALWAYS_FIRING = {"Watchdog"}
"""Cannot stay silent, by design."""


def alerts() -> dict[str, list[dict[str, Any]]]:
    """The alerts by name; one name may have a rule for each severity."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    found.setdefault(rule["alert"], []).append(rule)
    return found


def shown() -> tuple[set[tuple[str, str]], set[str]]:
    """What tests show: alerts firing, with their severity; and alerts staying silent."""
    firing: set[tuple[str, str]] = set()
    silent: set[str] = set()
    for file in sorted((RULES / "tests").glob("*.yml")):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for case in test.get("alert_rule_test", []):
                expected = case.get("exp_alerts") or []
                firing |= {(case["alertname"], alert["exp_labels"]["severity"]) for alert in expected}
                if not expected:
                    silent.add(case["alertname"])
    return firing, silent


def complaints() -> list[str]:
    """One sentence for each thing that is missing."""
    firing, silent = shown()
    found: list[str] = []
    for name, rules in alerts().items():
        for rule in rules:
            severity = rule["labels"].get("severity")
            if severity not in SEVERITIES:
                found.append(f"{name} has severity {severity}, which no route knows")
            if (name, severity) not in firing:
                found.append(f"no test shows {name} firing as {severity}")
            found += [f"{name} has no {key}" for key in ANNOTATIONS if not rule["annotations"].get(key)]
        if name not in silent | ALWAYS_FIRING:
            found.append(f"no test shows {name} staying silent")
    unknown = {name for name, _ in firing} | silent
    found += [f"tests name {name}, and there is no such alert" for name in sorted(unknown - alerts().keys())]
    return found


if __name__ == "__main__":
    if wrong := complaints():
        sys.exit("\n".join(wrong))
    print(f"{len(alerts())} alerts are shown firing and staying silent")
