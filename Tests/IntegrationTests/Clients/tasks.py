"""Runs calls as tasks with the official SDK and an extension for it, and reports what came of them as one JSON object.

usage: tasks.py SERVER MODE       SERVER: a URL, or the path of mcp-tool-server, which then runs over standard input and output
                                  MODE: auto, or a modern revision such as 2026-07-28

The server must offer its specimens (mcp-tool-server --everything).
"""

import json
import sys
from typing import Any, ClassVar, Literal

import anyio
from mcp import Client, MCPError, types
from mcp.client.extension import ClientExtension, ResultClaim
from mcp.types import CallToolResult, ElicitResult
from pydantic import TypeAdapter
from servers import judged, target

IDENTIFIER = "io.modelcontextprotocol/tasks"


class TaskParams(types.RequestParams):
    task_id: str
    input_responses: dict[str, Any] | None = None


class GetTask(types.Request[TaskParams, Literal["tasks/get"]]):
    name_param: ClassVar[str | None] = "taskId"
    method: Literal["tasks/get"] = "tasks/get"
    params: TaskParams


class UpdateTask(types.Request[TaskParams, Literal["tasks/update"]]):
    name_param: ClassVar[str | None] = "taskId"
    method: Literal["tasks/update"] = "tasks/update"
    params: TaskParams


class CancelTask(types.Request[TaskParams, Literal["tasks/cancel"]]):
    name_param: ClassVar[str | None] = "taskId"
    method: Literal["tasks/cancel"] = "tasks/cancel"
    params: TaskParams


class CreatedTask(types.Result):
    result_type: Literal["task"] = "task"
    task_id: str
    status: str


class DetailedTask(types.Result):
    task_id: str
    status: str
    waits_for: dict[str, Any] | None = None
    outcome: dict[str, Any] | None = None

    @classmethod
    def read(cls, raw: dict[str, Any]) -> "DetailedTask":
        return cls(task_id=raw["taskId"], status=raw["status"], waits_for=raw.get("inputRequests"), outcome=raw.get("result"))


class Tasks(ClientExtension):
    """Waits for a task, and answers what it asks."""

    identifier = IDENTIFIER

    def __init__(self, report: dict) -> None:
        self.report = report
        self.cancels = False

    def claims(self):
        return [ResultClaim(result_type="task", model=CreatedTask, resolve=self.resolve)]

    async def ask(self, session, request) -> dict[str, Any]:
        return await session.send_request(request, TypeAdapter(dict[str, Any]))

    async def resolve(self, created: CreatedTask, context) -> CallToolResult:
        states = self.report.setdefault("states", [])
        if self.cancels:
            await self.ask(context.session, CancelTask(params=TaskParams(task_id=created.task_id)))
        while True:
            task = DetailedTask.read(await self.ask(context.session, GetTask(params=TaskParams(task_id=created.task_id))))
            if not states or states[-1] != task.status:
                states.append(task.status)
            if task.waits_for:
                answers = {key: {"action": "accept", "content": {"name": "Ann"}} for key in task.waits_for}
                await self.ask(
                    context.session, UpdateTask(params=TaskParams(task_id=created.task_id, input_responses=answers)))
            if task.status == "completed":
                return CallToolResult.model_validate(task.outcome)
            if task.status == "cancelled":
                return CallToolResult(content=[types.TextContent(type="text", text="cancelled")])
            await anyio.sleep(0.02)


async def visit(server: str, mode: str) -> dict:
    report: dict = {}
    extension = Tasks(report)
    async with Client(
        target(server), mode=mode, read_timeout_seconds=20, cache=None, elicitation_callback=refuse, extensions=[extension]
    ) as client:
        report["protocolVersion"] = client.protocol_version
        report["text"] = (await client.call_tool("test_task", {})).content[0].text
        extension.cancels = True
        report["cancelled"] = (await client.call_tool("test_task", {})).content[0].text
        try:
            await extension.ask(client.session, GetTask(params=TaskParams(task_id="0" * 32)))
        except MCPError as error:
            report["unknown"] = error.code
    # A client that has never heard of tasks waits.
    async with Client(target(server), mode=mode, read_timeout_seconds=20, cache=None, elicitation_callback=answer) as client:
        report["plain"] = (await client.call_tool("test_task", {})).content[0].text
    return report


async def refuse(context, params) -> ElicitResult:
    raise AssertionError("a task asks when it is asked about")


async def answer(context, params) -> ElicitResult:
    return ElicitResult(action="accept", content={"name": "Bea"})


if __name__ == "__main__":
    print(json.dumps(judged(anyio.run(visit, *sys.argv[1:]))))
