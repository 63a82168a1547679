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

# What a result is, by a member that only it has.
RESULTS = {
    "protocolVersion": "InitializeResult", "supportedVersions": "DiscoverResult", "tools": "ListToolsResult",
    "resources": "ListResourcesResult", "resourceTemplates": "ListResourceTemplatesResult", "prompts": "ListPromptsResult",
    "content": "CallToolResult", "contents": "ReadResourceResult", "messages": "GetPromptResult",
    "completion": "CompleteResult", "inputRequests": "InputRequiredResult"}

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
    """Reads messages as the SDK does, and keeps their texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def validate_json(self, text, **options):
        self.texts.append(text if isinstance(text, str) else bytes(text).decode())
        return types.jsonrpc_message_adapter.validate_json(text, **options)


recorder = Recorder()
mcp.client.streamable_http.jsonrpc_message_adapter = recorder


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


def judged(report: dict) -> dict:
    """The report, with what the schema of its revision says of each message that has come: "judged", "invalid"."""
    report["received"] = len(recorder.texts)
    if not SCHEMAS.is_dir():
        return report
    verdicts: dict = {"revisions": [], "checked": 0, "invalid": []}
    revision = Revision(report["protocolVersion"], SCHEMAS, verdicts)
    for text in recorder.texts:
        message = json.loads(text)
        case = text[:200]
        revision.judge(case, message, "JSONRPCMessage")
        if method := message.get("method"):
            if definition := MESSAGES.get(method):
                revision.judge(case, message, definition)
            elif method != "notifications/tasks":
                revision.complain(case, f"nobody knows {method}")
        for member, definition in RESULTS.items():
            if member in message.get("result", {}):
                revision.judge(case, message["result"], definition)
    report["judged"] = verdicts["checked"]
    report["invalid"] = verdicts["invalid"]
    return report
