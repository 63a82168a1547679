"""The dashboards as the checks see them: panels, and what they ask Prometheus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support import ROOT

Json = dict[str, Any]
FOLDER = ROOT / "monitoring/grafana/dashboards"
VARIABLE = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")
BUILT_IN = {"__rate_interval": "1m", "__range": "1h", "__all": ".+"}
"""What Grafana fills in by itself, and something that it could be."""

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
KEYWORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right"}
LABEL_VALUES = re.compile(r"label_values\((?:(.+),\s*)?(\w+)\)")


@dataclass(frozen=True)
class Question:
    """One expression of a dashboard, and where it is from."""

    place: str
    expression: str

    def filled(self, values: dict[str, str]) -> str:
        """The expression with the variables put in: all of everything, but for those named."""
        return VARIABLE.sub(lambda found: {**BUILT_IN, **values}.get(found[1], ".+"), self.expression)


def dashboards() -> dict[Path, Json]:
    return {file: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


def panels(dashboard: Json) -> Iterator[Json]:
    """All panels that show something, those in collapsed rows too."""
    for panel in dashboard["panels"]:
        yield from panel.get("panels", [])
        if panel["type"] != "row":
            yield panel


def panel_questions(dashboard: Json) -> Iterator[Question]:
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield Question(f"{dashboard['title']} / {panel['title']} / {target['refId']}", target["expr"])


def other_questions(dashboard: Json) -> Iterator[Question]:
    """What annotations ask, and out of which series variables take their values."""
    for annotation in dashboard["annotations"]["list"]:
        yield Question(f"{dashboard['title']} / annotation {annotation['name']}", annotation["expr"])
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            found = LABEL_VALUES.fullmatch(variable["query"]["query"])
            assert found, f"{variable['name']} is no label_values()"
            yield Question(f"{dashboard['title']} / variable {variable['name']}", found[1])


def metric_names(expression: str) -> set[str]:
    """The names of the metrics in an expression."""
    bare = QUOTED.sub("", expression)
    for noise in (re.compile(r"\{[^}]*\}"), re.compile(r"\[[^\]]*\]"), GROUPING):
        bare = noise.sub(" ", bare)
    return {name for name in re.findall(r"[a-zA-Z_:][\w:]*(?!\w|:|\s*\()", bare) if name not in KEYWORDS}


def matched_labels(expression: str) -> Iterator[tuple[str, str]]:
    """Each metric with each label that it is selected by."""
    for name, matchers in re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expression):
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", QUOTED.sub('""', matchers)):
            yield name, label
