#!/usr/bin/env python3
# Each alert has a page that says what to do, and each page has an alert.
# reads: monitoring/rules/alerts.yml docs/runbooks/
"""The pages of docs/runbooks against the alerts of monitoring/rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from support import ROOT, fail, require, tools

tools("monitoring")

import yaml  # noqa: E402 (of the environment)

PAGES = ROOT / "docs/runbooks"
HEADINGS = ["What it means", "How to see it", "What to do", "How to know that it is over"]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")


def alert_rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((ROOT / "monitoring/rules/alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def check_page(page: Path) -> None:
    """Its title, its four parts with something in each, and links that lead somewhere."""
    text = page.read_text()
    require(text.startswith(f"# {page.stem}\n"), f"{page.name} has another title")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    require([part.splitlines()[0] for part in parts] == HEADINGS, f"{page.name} has not the parts {HEADINGS}")
    for part in parts:
        require(len(part.split()) > 6, f"{page.name} says next to nothing under {part.splitlines()[0]}")
    for target in LINK.findall(text):
        require((page.parent / target).exists(), f"{page.name} links to {target}, which is not there")


def check_severity(page: Path, severities: set[str]) -> None:
    line = page.read_text().splitlines()[2]
    for severity in ("page", "ticket", "none"):
        require((severity in line.split()[1:] or f"{severity}." in line.split()) == (severity in severities),
                f"{page.name} says {line!r}, and the alert is {severities}")


def main() -> None:
    severities: dict[str, set[str]] = {}
    for rule in alert_rules():
        name = str(rule["alert"])
        expected = f"{{{{ $externalLabels.runbooks }}}}/{name}.md"
        require(rule["annotations"]["runbook_url"] == expected, f"runbook_url of {name} is not {expected}")
        severities.setdefault(name, set()).add(rule["labels"]["severity"])
    pages = {page.stem: page for page in PAGES.glob("*.md")}
    for name in sorted(severities.keys() - pages.keys()):
        fail(f"alert {name} has no page in {PAGES.relative_to(ROOT)}")
    for name in sorted(pages.keys() - severities.keys()):
        fail(f"page {name}.md is of no alert")
    for name, page in pages.items():
        check_page(page)
        check_severity(page, severities[name])
    print(f"{len(pages)} alerts, and a page for each")


main()
