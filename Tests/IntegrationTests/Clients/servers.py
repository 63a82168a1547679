"""How the scripts here reach a server, and the judge of every message that comes from it."""

import json
import pathlib

import mcp.client.sse
import mcp.client.stdio
import mcp.client.streamable_http
from mcp import StdioServerParameters, types
from mcp.client.sse import sse_client
from schemas import Revision

# The published schemas, a third party's files beside the package; absent in a plain clone.
SCHEMAS = pathlib.Path(__file__).resolve().parents[4] / "shared" / "spec" / "schema"

# What the result of a method is.
RESULTS = {
    "initialize": "InitializeResult", "server/discover": "DiscoverResult", "ping": "EmptyResult",
    "logging/setLevel": "EmptyResult", "tools/list": "ListToolsResult", "tools/call": "CallToolResult",
    "resources/list": "ListResourcesResult", "resources/templates/list": "ListResourceTemplatesResult",
    "resources/read": "ReadResourceResult", "resources/subscribe": "EmptyResult", "resources/unsubscribe": "EmptyResult",
    "prompts/list": "ListPromptsResult", "prompts/get": "GetPromptResult", "completion/complete": "CompleteResult",
    "subscriptions/listen": "SubscriptionsListenResult"}

# The same for methods of the extension for tasks.
TASK_RESULTS = {"tasks/get": "GetTaskResult", "tasks/update": "UpdateTaskResult", "tasks/cancel": "CancelTaskResult"}

MESSAGES = {
    "elicitation/create": "ElicitRequest", "sampling/createMessage": "CreateMessageRequest", "roots/list": "ListRootsRequest",
    "notifications/progress": "ProgressNotification", "notifications/message": "LoggingMessageNotification",
    "notifications/tools/list_changed": "ToolListChangedNotification",
    "notifications/prompts/list_changed": "PromptListChangedNotification",
    "notifications/resources/list_changed": "ResourceListChangedNotification",
    "notifications/resources/updated": "ResourceUpdatedNotification",
    "notifications/cancelled": "CancelledNotification", "notifications/tasks/status": "TaskStatusNotification",
    "notifications/subscriptions/acknowledged": "SubscriptionsAcknowledgedNotification"}


class Recorder:
    """Reads and writes messages as the SDK does, keeps the texts of those that come, and the methods of requests that go."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        # The clients of one script may use the same ids.
        self.asked: dict[int | str, set[str]] = {}

    def validate_json(self, text, **options):
        self.texts.append(text if isinstance(text, str) else bytes(text).decode())
        return types.jsonrpc_message_adapter.validate_json(text, **options)

    def recording(self, write):
        """The method WRITE of requests, which now also says what is asked."""
        def record(request, **options):
            self.asked.setdefault(request.id, set()).add(request.method)
            return write(request, **options)
        return record


recorder = Recorder()
mcp.client.streamable_http.jsonrpc_message_adapter = recorder
types.JSONRPCRequest.model_dump = recorder.recording(types.JSONRPCRequest.model_dump)
types.JSONRPCRequest.model_dump_json = recorder.recording(types.JSONRPCRequest.model_dump_json)


class RecordingTypes:
    """The module `types` with another reader of messages."""

    jsonrpc_message_adapter = recorder

    def __getattr__(self, name: str):
        return getattr(types, name)


mcp.client.sse.types = mcp.client.stdio.types = RecordingTypes()


def target(server: str):
    """What `Client` takes for SERVER: a URL of Streamable HTTP, one of HTTP+SSE, which ends in /sse, or the path of
    mcp-tool-server, which then runs with its specimens over standard input and output."""
    if server.endswith("/sse"):
        return sse_client(server)
    return server if server.startswith("http") else StdioServerParameters(
        command=server, args=["stdio", "--everything"])


class Judge:
    """Judges messages of a server by the schema of one revision, and those about tasks by that of the extension."""

    def __init__(self, version: str) -> None:
        self.verdicts: dict = {"revisions": [], "judged": 0, "invalid": []}
        self.revision = Revision(version, SCHEMAS, self.verdicts)
        self.tasks = Revision("ext-tasks", SCHEMAS, self.verdicts)
        self.newer: Revision | None = None

    def judge(self, message: dict, methods: set[str]) -> None:
        """Judges a message; METHODS are what it may be an answer to, of which one must fit."""
        revision, case = self.revision, json.dumps(message)[:200]
        if "error" in message and "id" not in message and revision.version < "2025-11-25":
            # No older schema has a form for an error that answers nothing which could be read.
            revision = self.newer = self.newer or Revision("2025-11-25", SCHEMAS, self.verdicts)
        revision.judge(case, message, "JSONRPCMessage")
        if method := message.get("method"):
            if method == "notifications/tasks":
                self.tasks.judge(case, message, "TaskStatusNotification")
            elif definition := MESSAGES.get(method):
                revision.judge(case, message, definition)
            else:
                revision.complain(case, f"nobody knows {method}")
        elif "error" in message:
            revision.judge(case, message, revision.first("JSONRPCErrorResponse", "JSONRPCError"))
        elif not methods:
            revision.complain(case, "answers nothing that was asked")
        else:
            kept, complaints = self.verdicts["invalid"], []
            for method in methods:
                self.verdicts["invalid"] = []
                self.judge_result(case, message["result"], method)
                complaints.append(self.verdicts["invalid"])
            self.verdicts["invalid"] = kept + min(complaints, key=len)

    def judge_result(self, case: str, result: dict, method: str) -> None:
        kind = result.get("resultType")
        if kind == "task" and method == "tools/call":
            self.tasks.judge(case, result, "CreateTaskResult")
        elif kind == "input_required" and method in ("tools/call", "prompts/get", "resources/read"):
            self.revision.judge(case, result, "InputRequiredResult")
        elif definition := TASK_RESULTS.get(method):
            self.tasks.judge(case, result, definition)
            if inner := result.get("result"):
                self.revision.judge(case, inner, "CallToolResult")
        elif definition := RESULTS.get(method):
            self.revision.judge(case, result, definition)
        else:
            self.revision.complain(case, f"there is no result of {method}")

    @staticmethod
    def check_teeth(version: str) -> None:
        """Sees to it that wrong messages are found; a judge that finds nothing would prove nothing."""
        for result in ({}, {"content": 7}, {"content": [{"type": "text"}], "resultType": "complete"}):
            judge = Judge(version)
            judge.judge({"jsonrpc": "2.0", "id": 1, "result": result}, {"tools/call"})
            if not judge.verdicts["invalid"]:
                raise SystemExit(f"{version}: nothing is wrong with {result} as the result of a call")


def judged(report: dict) -> dict:
    """The report, with what the schema of its revision says of each message that has come: "judged", "invalid"."""
    report["received"] = len(recorder.texts)
    if not SCHEMAS.is_dir():
        return report
    version = report["protocolVersion"]
    Judge.check_teeth(version)
    judge = Judge(version)
    for text in recorder.texts:
        message = json.loads(text)
        judge.judge(message, recorder.asked.get(message.get("id"), set()))
    return report | {name: judge.verdicts[name] for name in ("judged", "invalid")}
