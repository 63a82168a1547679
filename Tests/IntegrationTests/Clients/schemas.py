"""Judges every kind of answer by the published JSON Schema of each revision, and reports that as one JSON object.

usage: schemas.py URL FOLDER     FOLDER: has 2024-11-05.json and so on, as they are published

The report: "revisions", "judged" (how many values were judged) and "invalid" (what was wrong with which).
"""

import http.client
import json
import pathlib
import sys
import urllib.parse

from jsonschema import exceptions, validators

LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
ANY_FORM = "application/json, text/event-stream"
DATA = {"city": "Paris", "visits": 3, "guide": None, "tags": [1.5, "é\n", {}]}
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "schemas", "version": "1"},
}


NOTIFICATIONS = {
    "notifications/progress": "ProgressNotification", "notifications/message": "LoggingMessageNotification"}


class Revision:
    """The definitions of one revision, and the verdicts that were reached by them."""

    def __init__(self, version: str, folder: pathlib.Path, report: dict) -> None:
        self.version = version
        self.schema = json.loads((folder / f"{version}.json").read_text())
        self.key = "$defs" if "$defs" in self.schema else "definitions"
        self.report = report
        self.validators: dict = {}
        self.report["revisions"].append(version)

    def defines(self, name: str) -> bool:
        return name in self.schema[self.key]

    def first(self, *names: str) -> str:
        """The first of these names that the revision has."""
        return next(name for name in names if self.defines(name))

    def judge(self, case: str, value: object, definition: str) -> None:
        """Judges a value by a definition."""
        if definition not in self.validators:
            self.validators[definition] = self.validator({**self.schema, "$ref": f"#/{self.key}/{definition}"})
        self.judge_with(self.validators[definition], case, value, definition)

    def judge_by(self, schema: dict, case: str, value: object, name: str) -> None:
        """Judges a value by a schema of its own."""
        self.judge_with(self.validator(schema), case, value, name)

    @staticmethod
    def validator(schema: dict):
        return validators.validator_for(schema, default=validators.Draft202012Validator)(schema)

    def judge_with(self, validator, case: str, value: object, name: str) -> None:
        self.report["judged"] += 1
        if error := exceptions.best_match(validator.iter_errors(value)):
            self.complain(case, f"{name}: {error.json_path}: {error.message[:400]}")

    def complain(self, case: str, complaint: str) -> None:
        self.report["invalid"].append(f"{self.version} {case}: {complaint}")

    def check_teeth(self) -> None:
        """Sees to it that the definitions do refuse something; half a schema would refuse nothing."""
        for name in ("JSONRPCNotification", "ListToolsResult", "CallToolResult", "ReadResourceResult"):
            schema = {**self.schema, "$ref": f"#/{self.key}/{name}"}
            if validators.validator_for(schema)(schema).is_valid({}):
                raise SystemExit(f"{self.version}: {name} allows an empty object")


class Caller:
    """A client of one endpoint."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        self.path = parts.path
        self.last_id = 0
        self.notifications: list = []

    def next_id(self) -> int | str:
        """Numbers and strings in turn."""
        self.last_id += 1
        return self.last_id if self.last_id % 2 else f"call {self.last_id}"

    def post(self, message: object, fields: dict, accept: str = ANY_FORM) -> tuple[http.client.HTTPResponse, object]:
        """Sends a message; its answer, `None` when there is none."""
        fields = {"Content-Type": "application/json", "Accept": accept, **fields}
        self.connection.request("POST", self.path, json.dumps(message), fields)
        response = self.connection.getresponse()
        body = response.read().decode()
        self.notifications = []
        if response.headers.get_content_type() == "text/event-stream":
            events = [e for e in body.replace("\r\n", "\n").split("\n\n") if "data:" in e]
            # The first event of a stream may have an id and no data.
            *self.notifications, answer = (json.loads(data) for event in events if (data := self.data(event).strip()))
            return response, answer
        return response, json.loads(body) if body else None

    @staticmethod
    def data(event: str) -> str:
        """What an event carries."""
        return "\n".join(line.removeprefix("data:") for line in event.split("\n") if line.startswith("data:"))

    def close(self, fields: dict) -> None:
        """Ends the session that the header fields name."""
        self.connection.request("DELETE", self.path, headers=fields)
        self.connection.getresponse().read()


class Visit:
    """One caller in one revision, which accepts the given forms of answers."""

    def __init__(self, caller: Caller, revision: Revision, accept: str) -> None:
        self.caller = caller
        self.revision = revision
        self.accept = accept
        self.fields: dict = {}
        self.is_modern = revision.version == MODERN

    def message(self, method: str, params: dict | None) -> dict:
        message: dict = {"jsonrpc": "2.0", "id": self.caller.next_id(), "method": method}
        if params is not None:
            message["params"] = params
        return message

    def ask(self, case: str, method: str, params: dict | None = None, *, result: str | None = None,
            error: int | None = None, definition: str | None = None, fields: dict | None = None,
            meta: dict | None = META, revision: Revision | None = None) -> dict:
        """Sends one request, and judges its answer: a `result` of this definition or an `error` with this code.

        A modern request has the envelope `meta` and the mirrored header fields; `fields` change header fields, or take
        them away (`None`).
        """
        revision = revision or self.revision
        params = dict(params or {}) if self.is_modern else params
        every = dict(self.fields)
        if self.is_modern:
            if meta is not None:
                params["_meta"] = meta
            every |= {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
            if name := params.get("name", params.get("uri")):
                every["Mcp-Name"] = name
        every = {name: value for name, value in (every | (fields or {})).items() if value is not None}
        message = self.message(method, params)
        response, answer = self.caller.post(message, every, self.accept)
        self.session = response.headers.get("Mcp-Session-Id")
        case = f"{case} ({self.accept})"
        for notification in self.caller.notifications:
            revision.judge(case, notification, "JSONRPCNotification")
            revision.judge(case, notification, NOTIFICATIONS[notification["method"]])
        if not isinstance(answer, dict) or answer.get("id") != message["id"]:
            revision.complain(case, f"no answer to the call: {response.status} {answer}")
            return {}
        if result:
            self.judge_result(revision, case, answer, result)
        else:
            self.judge_error(revision, case, answer, error, definition)
        return answer.get("result", {})

    @staticmethod
    def judge_result(revision: Revision, case: str, answer: dict, result: str) -> None:
        revision.judge(case, answer, revision.first("JSONRPCResultResponse", "JSONRPCResponse"))
        revision.judge(case, answer, "JSONRPCMessage")
        if revision.defines(f"{result}Response"):
            revision.judge(case, answer, f"{result}Response")
        revision.judge(case, answer.get("result"), result)

    @staticmethod
    def judge_error(revision: Revision, case: str, answer: dict, code: int | None, definition: str | None) -> None:
        revision.judge(case, answer, revision.first("JSONRPCErrorResponse", "JSONRPCError"))
        revision.judge(case, answer, "JSONRPCMessage")
        got = answer.get("error", {}).get("code")
        if got != code:
            revision.complain(case, f"the code is {got} instead of {code}")
        if definition and revision.defines(definition):
            # Some describe the whole answer, some its member `error`.
            is_whole = "jsonrpc" in revision.schema[revision.key][definition].get("properties", {})
            revision.judge(case, answer if is_whole else answer.get("error"), definition)

    # MARK: The beginning of a legacy session

    def open(self, revisions: dict[str, Revision]) -> None:
        version = self.revision.version
        client = {"capabilities": {}, "clientInfo": {"name": "schemas", "version": "1"}}
        unknown = self.ask("initialize, unknown revision", "initialize", {"protocolVersion": "2001-01-01", **client},
                           result="InitializeResult", revision=revisions[LEGACY[-1]])
        if self.session:
            self.caller.close({"Mcp-Session-Id": self.session})
        if unknown.get("protocolVersion") != LEGACY[-1]:
            self.revision.complain("initialize, unknown revision", f"offers {unknown.get('protocolVersion')}")
        self.ask("initialize, bad", "initialize", {"protocolVersion": 1}, error=-32602)

        answer = self.ask("initialize", "initialize", {"protocolVersion": version, **client}, result="InitializeResult")
        if answer.get("protocolVersion") != version:
            self.revision.complain("initialize", f"negotiated {answer.get('protocolVersion')}")
        if self.session:
            self.fields["Mcp-Session-Id"] = self.session
        if version >= "2025-06-18":
            self.fields["MCP-Protocol-Version"] = version
        notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        response, _ = self.caller.post(notification, self.fields)
        if response.status != 202:
            self.revision.complain("notifications/initialized", f"is answered with {response.status}")

    # MARK: What all revisions have

    def tools(self) -> None:
        listed = self.ask("tools/list", "tools/list", result="ListToolsResult").get("tools", [])
        outputs = {tool["name"]: tool.get("outputSchema") for tool in listed}
        calls = [("process_data", {"data": DATA, "operation": operation})
                 for operation in ("transform", "validate", "analyze", "other")]
        for name, arguments in [*calls, ("health_check", {})]:
            case = f"{name} {arguments.get('operation', '')}"
            params = {"name": name, "arguments": arguments}
            result = self.ask(case, "tools/call", params, result="CallToolResult")
            if result.get("isError"):
                self.revision.complain(case, f"failed: {result}")
            if outputs.get(name):
                self.revision.judge_by(outputs[name], case, result.get("structuredContent"), "outputSchema")
            elif self.revision.version >= "2025-06-18":
                self.revision.complain(case, "the tool has no outputSchema")

        # Since 2025-11-25 the model is to see what was wrong with its arguments; before, the call itself is in error.
        is_seen = self.revision.version >= "2025-11-25"
        expected = {"result": "CallToolResult"} if is_seen else {"error": -32602}
        for arguments in ({}, {"data": [], "operation": "transform"}, {"data": {}, "operation": 1}):
            case = f"bad arguments {arguments}"
            params = {"name": "process_data", "arguments": arguments}
            result = self.ask(case, "tools/call", params, **expected)
            if is_seen and result.get("isError") is not True:
                self.revision.complain(case, f"is no tool error: {result}")
        self.ask("arguments that are no object", "tools/call", {"name": "process_data", "arguments": []},
                 error=-32602, definition="InvalidParamsError")
        self.ask("unknown tool", "tools/call", {"name": "no_such_tool", "arguments": {}},
                 error=-32602, definition="InvalidParamsError")
        self.ask("unknown cursor", "tools/list", {"cursor": "x"}, error=-32602, definition="InvalidParamsError")

    def resources(self) -> None:
        listed = self.ask("resources/list", "resources/list", result="ListResourcesResult").get("resources", [])
        for resource in listed:
            self.ask(f"read {resource['uri']}", "resources/read", {"uri": resource["uri"]},
                     result="ReadResourceResult")
        if not listed:
            self.revision.complain("resources/list", "is empty")
        self.ask("unknown resource", "resources/read", {"uri": "monitoring://nothing"},
                 error=-32602 if self.is_modern else -32002)
        self.ask("resources/templates/list", "resources/templates/list", result="ListResourceTemplatesResult")
        self.ask("resource of a template", "resources/read", {"uri": "test://template/7/data"},
                 result="ReadResourceResult")

    def prompts(self) -> None:
        listed = self.ask("prompts/list", "prompts/list", result="ListPromptsResult").get("prompts", [])
        if not listed:
            self.revision.complain("prompts/list", "is empty")
        for prompt in listed:
            if prompt["name"] == "test_input_required_result_prompt":
                continue
            arguments = {argument["name"]: "test://static-text" for argument in prompt.get("arguments", [])}
            self.ask(f"prompt {prompt['name']}", "prompts/get", {"name": prompt["name"], "arguments": arguments},
                     result="GetPromptResult")
        self.ask("unknown prompt", "prompts/get", {"name": "no_such_prompt"},
                 error=-32602, definition="InvalidParamsError")
        if self.revision.version == "2024-11-05":
            return
        for ref in ({"type": "ref/prompt", "name": "test_prompt_with_arguments"},
                    {"type": "ref/resource", "uri": "test://template/{id}/data"}):
            name = "arg1" if "name" in ref else "id"
            self.ask(f"completion of {name}", "completion/complete",
                     {"ref": ref, "argument": {"name": name, "value": "1"}}, result="CompleteResult")

    def contents(self) -> None:
        """Each kind of content, and what comes before an answer."""
        for name in ("test_simple_text", "test_image_content", "test_audio_content", "test_embedded_resource",
                     "test_multiple_content_types", "test_error_handling"):
            self.ask(name, "tools/call", {"name": name, "arguments": {}}, result="CallToolResult")
        if not self.is_modern:
            self.ask("logging/setLevel", "logging/setLevel", {"level": "debug"}, result="EmptyResult")
        wishes = {"progressToken": "p", "io.modelcontextprotocol/logLevel": "debug"}
        for name in ("test_tool_with_progress", "test_tool_with_logging"):
            params: dict = {"name": name, "arguments": {}}
            if not self.is_modern:
                params["_meta"] = {"progressToken": "p"}
            self.ask(name, "tools/call", params, result="CallToolResult", meta=META | wishes)
            if "text/event-stream" in self.accept and len(self.caller.notifications) != 3:
                self.revision.complain(name, f"{len(self.caller.notifications)} notifications")

    def methods(self) -> None:
        missing = {"error": -32601, "definition": "MethodNotFoundError"}
        self.ask("unknown method", "no/such/method", **missing)
        if self.is_modern:
            self.ask("server/discover", "server/discover", result="DiscoverResult")
            self.ask("ping", "ping", **missing)
        else:
            self.ask("ping", "ping", result="EmptyResult")
            self.ask("server/discover", "server/discover", **missing)

    # MARK: What only some revisions have

    def tasks(self) -> None:
        """A call that runs by itself."""
        call = {"name": "test_task", "arguments": {}, "task": {"ttl": 60_000}}
        created = self.ask("a call as a task", "tools/call", call, result="CreateTaskResult")
        task = {"taskId": created.get("task", {}).get("taskId")}
        self.ask("tasks/result", "tasks/result", task, result="CallToolResult")
        self.ask("tasks/get", "tasks/get", task, result="GetTaskResult")
        self.ask("tasks/list", "tasks/list", result="ListTasksResult")
        self.ask("cancelling what is over", "tasks/cancel", task, error=-32602, definition="InvalidParamsError")
        self.ask("unknown task", "tasks/get", {"taskId": "x"}, error=-32602, definition="InvalidParamsError")

    def subscriptions(self) -> None:
        """The resources of a session that are watched."""
        watched = {"uri": "test://watched-resource"}
        self.ask("resources/subscribe", "resources/subscribe", watched, result="EmptyResult")
        self.ask("resources/unsubscribe", "resources/unsubscribe", watched, result="EmptyResult")

    def rounds(self) -> None:
        """A call that asks the client."""
        capabilities = {"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}}
        able = META | {"io.modelcontextprotocol/clientCapabilities": capabilities}
        call = {"name": "test_input_required_result_multiple_inputs", "arguments": {}}
        self.ask("a call that asks", "tools/call", call, result="InputRequiredResult", meta=able)
        self.ask("a prompt that asks", "prompts/get", {"name": "test_input_required_result_prompt"},
                 result="InputRequiredResult", meta=able)
        self.ask("a call that cannot ask", "tools/call", {"name": "test_missing_capability", "arguments": {}},
                 error=-32021, definition="MissingRequiredClientCapabilityError")
        self.ask("a state of nobody", "tools/call", call | {"requestState": "x"}, error=-32602,
                 definition="InvalidParamsError", meta=able)

    def batch(self) -> None:
        """A batch, of which one call fails."""
        calls = [self.message("ping", None), self.message("tools/list", None), self.message("no/such/method", None)]
        _, answers = self.caller.post(calls, self.fields)
        self.revision.judge("batch", answers, "JSONRPCBatchResponse")
        if len(answers) != len(calls):
            self.revision.complain("batch", f"{len(answers)} answers")

    def wrong_version_in_session(self) -> None:
        self.ask("unsupported version", "tools/list", error=-32600, fields={"MCP-Protocol-Version": "2001-01-01"})

    def wrong_envelopes(self) -> None:
        invalid = {"error": -32602, "definition": "InvalidParamsError"}
        self.ask("missing _meta", "tools/list", meta=None, **invalid)
        capabilities = "io.modelcontextprotocol/clientCapabilities"
        self.ask("_meta without capabilities", "tools/list",
                 meta={name: value for name, value in META.items() if name != capabilities}, **invalid)

        unsupported = "2099-01-01"
        self.ask("unsupported version", "tools/list", fields={"MCP-Protocol-Version": unsupported},
                 meta={**META, "io.modelcontextprotocol/protocolVersion": unsupported},
                 error=-32022, definition="UnsupportedProtocolVersionError")

        mismatch = {"error": -32020, "definition": "HeaderMismatchError"}
        self.ask("another Mcp-Method", "tools/list", fields={"Mcp-Method": "tools/call"}, **mismatch)
        self.ask("no Mcp-Method", "tools/list", fields={"Mcp-Method": None}, **mismatch)
        health = {"name": "health_check", "arguments": {}}
        self.ask("another Mcp-Name", "tools/call", health, fields={"Mcp-Name": "process_data"}, **mismatch)
        self.ask("no Mcp-Name", "tools/call", health, fields={"Mcp-Name": None}, **mismatch)
        self.ask("another version in the header", "tools/list", fields={"MCP-Protocol-Version": "2025-11-25"},
                 **mismatch)


def judge_all(url: str, folder: pathlib.Path) -> dict:
    report: dict = {"revisions": [], "judged": 0, "invalid": []}
    revisions = {version: Revision(version, folder, report) for version in (*LEGACY, MODERN)}
    caller = Caller(url)
    for revision in revisions.values():
        revision.check_teeth()
        for accept in (ANY_FORM, "application/json", "text/event-stream"):
            visit = Visit(caller, revision, accept)
            if not visit.is_modern:
                visit.open(revisions)
            visit.tools()
            visit.resources()
            visit.prompts()
            visit.contents()
            visit.methods()
            if visit.is_modern:
                visit.wrong_envelopes()
                visit.rounds()
            else:
                visit.wrong_version_in_session()
                visit.subscriptions()
            if revision.defines("CreateTaskResult"):
                visit.tasks()
            if revision.defines("JSONRPCBatchResponse"):
                visit.batch()
            if visit.fields:
                caller.close(visit.fields)
    return report


if __name__ == "__main__":
    print(json.dumps(judge_all(sys.argv[1], pathlib.Path(sys.argv[2]))))
