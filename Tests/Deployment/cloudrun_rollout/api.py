"""As much of Google's APIs as gcloud needs to deploy to Cloud Run, with services that a check describes.

gcloud speaks to it as to a proxy, so any host name will do. Each change of a service is a line of JSON in the journal: what
was asked, and how traffic is split afterwards. Revisions come into being with a changed template, as on Cloud Run; traffic
must add up to 100, and name revisions that there are.

usage: api.py FOLDER     with FOLDER/services.json: {SERVICE: {"containers": {NAME: IMAGE}, "url": URL}}

Writes FOLDER/port, FOLDER/journal and FOLDER/tokens. Looks into, at each request:
  FOLDER/urls.json       {SERVICE: URL}: where a candidate of the service is reached by its tag
  FOLDER/refuse.json     {SERVICE: N}: the N-th change of the service from its start on is refused
  FOLDER/broken.json     [IMAGE]: images whose revisions never become ready
"""

from __future__ import annotations

import base64
import copy
import http.server
import json
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FOLDER = Path(sys.argv[1])
Document = dict[str, Any]


class Refusal(Exception):
    """An answer that is none."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def setting(name: str, default: Any) -> Any:
    file = FOLDER / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else default


class Service:
    """A service, its revisions, and how its traffic is split."""

    def __init__(self, name: str, described: Document) -> None:
        self.name = name
        self.url = described["url"]
        self.changes = 0
        self.revisions: dict[str, Document] = {}
        containers = [{"name": key, "image": image} for key, image in described["containers"].items()]
        self.document: Document = {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {
                "name": name, "namespace": "1234567890", "generation": 0, "resourceVersion": "0",
                "labels": {"cloud.googleapis.com/location": "europe-west1"}, "annotations": {},
            },
            "spec": {},
            "status": {},
        }  # fmt: skip
        # As Terraform leaves it: all traffic goes to whatever is newest.
        self.take({"template": {"spec": {"containers": containers}}, "traffic": [{"latestRevision": True, "percent": 100}]})

    def take(self, spec: Document) -> None:
        """Makes the service as it is asked to be."""
        template = spec["template"]
        # gcloud gives a new revision its name; the template of one that is there already has that of it.
        newest = template.get("metadata", {}).get("name") or f"{self.name}-{len(self.revisions) + 1:05d}-abc"
        if self.revisions.setdefault(newest, template["spec"]) != template["spec"]:
            raise Refusal(409, f"there is another revision {newest} already")
        self.require_traffic(spec["traffic"])
        template["metadata"] = {**template.get("metadata", {}), "name": newest}
        images = {container["image"] for container in template["spec"]["containers"]}
        is_ready = not images & set(setting("broken", []))
        metadata = self.document["metadata"]
        metadata["generation"] += 1
        metadata["resourceVersion"] = str(metadata["generation"])
        self.document["spec"] = spec
        conditions = {"Ready": is_ready, "ConfigurationsReady": is_ready, "RoutesReady": True}
        self.document["status"] = {
            "observedGeneration": metadata["generation"],
            "latestCreatedRevisionName": newest,
            "latestReadyRevisionName": newest,
            "url": self.url,
            "traffic": [self.served(entry, newest) for entry in spec["traffic"]],
            "conditions": [
                {"type": kind, "status": str(holds), "message": "" if holds else "The container did not start."}
                for kind, holds in conditions.items()
            ],
        }

    def require_traffic(self, traffic: list[Document]) -> None:
        """Cloud Run's own rules."""
        if sum(entry.get("percent", 0) for entry in traffic) != 100:
            raise Refusal(400, f"traffic must add up to 100: {traffic}")
        tags = [entry["tag"] for entry in traffic if "tag" in entry]
        if len(tags) != len(set(tags)):
            raise Refusal(400, f"a tag is there twice: {tags}")
        for entry in traffic:
            if not entry.get("latestRevision") and entry.get("revisionName") not in self.revisions:
                raise Refusal(400, f"there is no revision {entry.get('revisionName')}")

    def served(self, entry: Document, newest: str | None) -> Document:
        """An entry of the traffic, as the status has it."""
        result = {"revisionName": newest, **entry}
        if "tag" in entry:
            result["url"] = setting("urls", {}).get(self.name, self.url)
        return result

    def split(self) -> Document:
        """How traffic is split, and who has a tag; revisions by their number."""
        shares: Document = {}
        tags: Document = {}
        for entry in self.document["status"]["traffic"]:
            number = int(entry["revisionName"].split("-")[-2])
            if entry.get("percent"):
                shares[str(number)] = shares.get(str(number), 0) + entry["percent"]
            if "tag" in entry:
                tags[entry["tag"]] = number
        return {"split": shares, "tags": tags}


SERVICES = {name: Service(name, described) for name, described in setting("services", {}).items()}
LOCK = threading.Lock()


def note(file: str, entry: Document) -> None:
    with (FOLDER / file).open("a") as journal:
        journal.write(json.dumps(entry) + "\n")


def change(service: Service, wanted: Document) -> Document:
    """Takes a change, or refuses it when it is that one's turn."""
    service.changes += 1
    if setting("refuse", {}).get(service.name) == service.changes:
        raise Refusal(403, "refused by the check")
    service.take(copy.deepcopy(wanted["spec"]))
    images = {entry["name"]: entry["image"] for entry in wanted["spec"]["template"]["spec"]["containers"]}
    note("journal", {"service": service.name, "images": images, "revisions": list(service.revisions), **service.split()})
    return service.document


def identity_token(audience: str) -> str:
    """A token in the form of one; nobody has signed it."""
    texts = [{"alg": "none"}, {"aud": audience, "exp": 4_070_908_800, "iat": 0}]
    parts = [base64.urlsafe_b64encode(json.dumps(text).encode()).decode().rstrip("=") for text in texts]
    return ".".join([*parts, "unsigned"])


def answer(method: str, path: str, body: bytes) -> Document:
    """What there is at a path."""
    parts = [part for part in path.split("/") if part]
    if "services" in parts and "serving.knative.dev" in parts:
        name = parts[parts.index("services") + 1]
        if name not in SERVICES:
            raise Refusal(404, f"there is no service {name}")
        return change(SERVICES[name], json.loads(body)) if method == "PUT" else SERVICES[name].document
    if path.endswith(":generateAccessToken"):
        return {"accessToken": "made-up", "expireTime": "2099-01-01T00:00:00Z"}
    if path.endswith(":generateIdToken"):
        asked = json.loads(body)
        note("tokens", {"account": parts[-1].split(":")[0], **asked})
        return {"token": identity_token(asked["audience"])}
    raise Refusal(404, f"nothing is known of {method} {path}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = 200
        try:
            with LOCK:
                document = answer(self.command, urlsplit(self.path).path, body)
        except Refusal as refusal:
            status = refusal.status
            document = {"error": {"code": status, "message": str(refusal), "status": "FAILED_PRECONDITION"}}
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = respond

    def log_message(self, form: str, *arguments: Any) -> None:
        print(form % arguments, flush=True)


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    # Written whole: who waits for the file finds the number in it.
    (FOLDER / "port.new").write_text(str(server.server_port))
    (FOLDER / "port.new").rename(FOLDER / "port")
    server.serve_forever()
