#!/usr/bin/env python3
# The dashboards are as Grafana wants them, ask for nothing that does not exist, and can be read.
# reads: monitoring/grafana/ monitoring/rules/ docs/runbooks/
"""Dashboards and their provisioning, without a Grafana: by its own model, promtool, and the metrics of the programs."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support import ROOT, fail, need, require, tools, wait_for, work

tools("monitoring")
need(command="promtool", package="prometheus")
need(command="openssl", package="openssl")

import yaml  # noqa: E402 (of the environment, as the next ones)
from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: E402
from grafana_foundation_sdk.cog.plugins import register_default_plugins  # noqa: E402
from grafana_foundation_sdk.models.dashboard import Dashboard  # noqa: E402

from grafana import (  # noqa: E402
    BUILT_IN, FOLDER, VARIABLE, Json, Question, dashboards, matched_labels, metric_names, other_questions, panel_questions, panels)
from stand import families, list_tools, started  # noqa: E402

COMPOSE = ROOT / "deployments/docker-compose.yml"
"""Where it is part of what is there."""

LOST_BY_THE_MODEL = re.compile(r"\.annotations\.list\[\d+\]\.(step|titleFormat|textFormat)|\.templating\.list\[\d+\]\.definition")
"""What Grafana knows and its published model does not: fields of Prometheus' annotations, and the text of a variable."""

OF_PROMETHEUS = {"up": set(), "ALERTS": {"alertname", "alertstate", "severity", "component"}}


def losses(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """What is missing or different after reading and writing; additions are defaults."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from losses(value, after[key], f"{path}.{key}")
            elif not LOST_BY_THE_MODEL.fullmatch(f"{path}.{key}"):
                yield f"{path}.{key} is nothing that Grafana knows"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after)):
            yield from losses(old, new, f"{path}[{index}]")
    elif before != after:
        yield f"{path} is {before!r}, which Grafana reads as {after!r}"


def check_generated() -> None:
    """The files are what the script makes."""
    subprocess.run([ROOT / "monitoring/grafana/dashboards.py", work()], check=True)
    made = {file.name: file.read_bytes() for file in work().glob("*.json")}
    kept = {file.name: file.read_bytes() for file in FOLDER.glob("*.json")}
    for name in sorted(made.keys() | kept.keys()):
        require(made.get(name) == kept.get(name), f"{name} is not what monitoring/grafana/dashboards.py writes; run it")


def check_model(file: Path, dashboard: Json) -> None:
    """Grafana's own model, with that of each kind of panel and query, reads all of it and writes the same."""
    written = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard)))
    if wrong := list(losses(dashboard, written)):
        fail(f"{file.name}: " + "; ".join(wrong))


def check_frame(file: Path, dashboard: Json) -> None:
    """What makes it the same dashboard wherever it is put."""
    require("id" not in dashboard, f"{file.name} has the id of some Grafana")
    require(dashboard["uid"] == f"mcp-{file.stem}", f"{file.name} has uid {dashboard['uid']}")
    require(39 <= dashboard["schemaVersion"] <= 41, f"{file.name} is of schema {dashboard['schemaVersion']}")
    variables = [variable["name"] for variable in dashboard["templating"]["list"]]
    require(variables[0] == "datasource", f"{file.name} does not begin with the choice of a data source")
    used = set(VARIABLE.findall(json.dumps(dashboard))) - BUILT_IN.keys()
    require(used == set(variables), f"{file.name} uses the variables {sorted(used)} and has {sorted(variables)}")


def check_panel(file: Path, panel: Json) -> None:
    """It can be understood: unit, description, legends; and takes the data source that was chosen."""
    name = f"{file.name}: {panel['title']}"
    defaults = panel["fieldConfig"]["defaults"]
    require(defaults.get("unit"), f"{name} has no unit")
    require(defaults["thresholds"]["steps"][0]["value"] is None, f"{name} has thresholds without a beginning")
    require(len(panel.get("description", "")) > 10, f"{name} does not say what it shows")
    require(panel["targets"], f"{name} asks nothing")
    for source in (panel["datasource"], *(target["datasource"] for target in panel["targets"])):
        require(source == {"type": "prometheus", "uid": "${datasource}"}, f"{name} has a data source of its own")
    legends = [target["legendFormat"] for target in panel["targets"]]
    if panel["type"] != "stat":
        require(all(legends), f"{name} has lines without a legend")
    require(len(set(legends)) == len(legends), f"{name} has two lines with the same legend")


def check_places(file: Path, dashboard: Json) -> None:
    """No two panels in one place, none outside, no number twice."""
    taken: Counter[tuple[int, int]] = Counter()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        require(0 <= place["x"] and place["x"] + place["w"] <= 24, f"{file.name}: {panel['title']} is outside of the grid")
        taken.update((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"]))
    require(max(taken.values()) == 1, f"{file.name} has panels upon each other")
    numbers = Counter(panel["id"] for panel in dashboard["panels"])
    require(max(numbers.values()) == 1, f"{file.name} has a panel number twice")


def check_parses(questions: list[Question]) -> None:
    """promtool reads each expression."""
    rules = [{"record": f"question:{index}", "expr": question.filled({})} for index, question in enumerate(questions)]
    file = work() / "questions.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    ended = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True)
    if ended.returncode:
        places = {f"question:{index}": question.place for index, question in enumerate(questions)}
        fail(ended.stdout + ended.stderr + "".join(f"\n{name}: {place}" for name, place in places.items() if name in ended.stderr))


def recorded() -> dict[str, str]:
    """The recording rules: name and expression."""
    groups = yaml.safe_load((ROOT / "monitoring/rules/recording.yml").read_text())["groups"]
    return {rule["record"]: rule["expr"] for group in groups for rule in group["rules"]}


def rule_questions() -> Iterator[Question]:
    for file in sorted((ROOT / "monitoring/rules").glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            for rule in group["rules"]:
                yield Question(f"{file.name} / {rule.get('alert') or rule['record']}", rule["expr"])


def exported() -> dict[str, dict[str, set[str]]]:
    """What each job exports: metrics, and the labels that they have."""
    jobs: dict[str, dict[str, set[str]]] = {}
    with started(with_redis=False) as stand:
        list_tools(stand.url)
        wait_for("the monitor to see a certificate", lambda: "_certificate_expiry_" in stand.page("monitor"), 20)
        for name in stand.metrics:
            job = jobs.setdefault("mcp-" + re.sub(r"-\d+$", "", name), {})
            for metric, labels in families(stand.page(name)).items():
                job.setdefault(metric, set()).update(labels)
    return jobs


def runbook_questions() -> Iterator[Question]:
    """What the pages for alerts have somebody ask: one expression a line."""
    for page in sorted((ROOT / "docs/runbooks").glob("*.md")):
        for block in re.findall(r"```promql\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.splitlines():
                yield Question(page.name, line)


def check_known(questions: list[Question]) -> None:
    """Every metric is one that a program exports, Prometheus makes, or a rule records; with the labels that are asked for."""
    jobs = exported()
    records = recorded()
    for question in questions:
        # A question to one job must be answered by that one.
        asked_jobs = re.findall(r'job="([^"]+)"', question.expression) or jobs.keys()
        known: dict[str, set[str]] = dict(OF_PROMETHEUS)
        for job in asked_jobs:
            for metric, labels in jobs[job].items():
                known[metric] = known.get(metric, set()) | labels
        for name in metric_names(question.expression) - records.keys():
            require(name in known, f"{question.place} asks for {name}, which is not exported by {' or '.join(asked_jobs)}")
        for name, label in matched_labels(question.expression):
            # Of what is only declared as yet, the labels are not known.
            require(name in records or not known[name] or label in known[name] | {"job", "instance"},
                    f"{question.place}: {name} has no label {label}")
    asked = {name for question in questions for name in metric_names(question.expression)}
    require(not (unused := records.keys() - asked), f"nobody asks for what is recorded as {sorted(unused)}")


def check_provisioning() -> None:
    """Grafana is sent to the Prometheus that the dashboards take at first."""
    folder = ROOT / "monitoring/grafana/provisioning"
    source = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"][0]
    scrape_interval = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())["global"]["scrape_interval"]
    require(source["jsonData"]["timeInterval"] == scrape_interval, "the data source does not know how often is scraped")
    for file, dashboard in dashboards().items():
        chosen = dashboard["templating"]["list"][0]["current"]["value"]
        require(chosen == source["uid"], f"{file.name} begins with the data source {chosen}, and it is {source['uid']}")
    provider = yaml.safe_load((folder / "dashboards/mcp.yml").read_text())["providers"][0]
    require(provider["type"] == "file", "the dashboards are not provided as files")
    if COMPOSE.exists():
        check_compose(yaml.safe_load(COMPOSE.read_text())["services"], provider["options"]["path"], source["url"])


def check_compose(services: Json, path: str, url: str) -> None:
    """The containers have the files where they look for them, and the services the names by which they are looked for."""
    mounts = {
        (COMPOSE.parent / place.split(":")[0]).resolve(): place.split(":")[1]
        for place in services["grafana"]["volumes"] if place.startswith(".")
    }
    require(mounts.get(FOLDER) == path, f"Grafana looks for dashboards in {path}, where docker-compose.yml does not put them")
    require(mounts.get(FOLDER.parent / "provisioning") == "/etc/grafana/provisioning", "Grafana is not told what to provide")
    prometheus = yaml.safe_load((ROOT / "monitoring/prometheus.yml").read_text())
    watched = [*prometheus["scrape_configs"], *prometheus["alerting"]["alertmanagers"]]
    targets = [target for job in watched for config in job["static_configs"] for target in config["targets"]]
    for target in [*targets, url.removeprefix("http://")]:
        require(target.split(":")[0] in services, f"docker-compose.yml has no service for {target}")


def main() -> None:
    register_default_plugins()
    check_generated()
    questions: list[Question] = []
    for file, dashboard in dashboards().items():
        check_model(file, dashboard)
        check_frame(file, dashboard)
        check_places(file, dashboard)
        for panel in panels(dashboard):
            check_panel(file, panel)
        questions += [*panel_questions(dashboard), *other_questions(dashboard)]
    questions += runbook_questions()
    check_parses(questions)
    check_known(questions + list(rule_questions()))
    check_provisioning()
    print(f"{len(questions)} questions of {len(dashboards())} dashboards and of the pages for alerts")


main()
