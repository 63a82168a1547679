"""Judges the answers of whole exchanges over HTTP by the published JSON Schema of each revision, and reports that as one JSON
object.

usage: exchanges.py FILE     FILE: one exchange a line, {"fields": {...}, "request": TEXT, "replyFields": {...}, "reply": TEXT}
"""

import json
import sys

from servers import Judge

NEWEST_LEGACY = "2025-11-25"
MODERN = "2026-07-28"
LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", NEWEST_LEGACY)
# Errors that only the modern revision has.
MODERN_ERRORS = (-32020, -32021, -32022)


class Exchanges:
    def __init__(self) -> None:
        self.judges: dict[str, Judge] = {}
        # What sessions have settled on.
        self.sessions: dict[str, str] = {}

    def judge(self, exchange: dict) -> None:
        fields, answers = exchange["fields"], exchange["replyFields"]
        asked = self.parsed(exchange["request"])
        revision = self.sessions.get(fields.get("mcp-session-id"), fields.get("mcp-protocol-version"))
        for message in self.messages(answers.get("content-type", ""), exchange["reply"]):
            version = revision if revision in (*LEGACY, MODERN) else "2025-03-26"
            if message.get("error", {}).get("code") in MODERN_ERRORS:
                version = MODERN
            if negotiated := message.get("result", {}).get("protocolVersion"):
                version = negotiated
                self.sessions[answers.get("mcp-session-id", "")] = negotiated
            methods = {asked["method"]} if asked and asked.get("id") == message.get("id") else set()
            self.judges.setdefault(version, Judge(version)).judge(message, methods)

    @staticmethod
    def parsed(text: str) -> dict | None:
        try:
            return json.loads(text)
        except ValueError:
            return None

    @staticmethod
    def messages(form: str, text: str) -> list[dict]:
        if form.startswith("application/json"):
            return [json.loads(text)]
        if not form.startswith("text/event-stream"):
            return []
        data = [line.removeprefix("data:").strip() for line in text.split("\n") if line.startswith("data:")]
        return [json.loads(one) for one in data if one]


if __name__ == "__main__":
    for version in (*LEGACY, MODERN):
        Judge.check_teeth(version)
    exchanges = Exchanges()
    with open(sys.argv[1]) as file:
        for line in file:
            exchanges.judge(json.loads(line))
    verdicts = [judge.verdicts for judge in exchanges.judges.values()]
    print(json.dumps({
        "judged": sum(verdict["judged"] for verdict in verdicts),
        "invalid": [complaint for verdict in verdicts for complaint in verdict["invalid"]][:20]}))
