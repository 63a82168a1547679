"""One client of the official SDK that calls tools with random arguments, and compares what the server says about them with what
the schema validator of Python says. Reports as one JSON object.

usage: arguments.py URL SEED
"""

import json
import random
import sys

import anyio
from jsonschema import Draft202012Validator
from mcp import Client
from servers import judged

# Those that can be called with anything.
TOOLS = ["json_schema_2020_12_tool", "process_data", "health_check"]
CALLS = 150
REFUSAL = "The arguments do not match the schema of the tool"


def value(chance: random.Random, depth: int = 0):
    kind = chance.randrange(8 if depth < 3 else 6)
    if kind < 3:
        return chance.choice(["", "anonymous", "Ann", "transform", "é", "\N{GRINNING FACE}"])
    if kind == 3:
        return chance.choice([0, 1, -1, 1.5, 1e300, True, False])
    if kind < 6:
        return None
    if kind == 6:
        return [value(chance, depth + 1) for _ in range(chance.randrange(3))]
    return members(chance, ["city", "street", "x"], depth + 1)


def members(chance: random.Random, names: list[str], depth: int = 0) -> dict:
    return {name: value(chance, depth) for name in names if chance.random() < 0.7}


async def visit(url: str, seed: int) -> dict:
    chance = random.Random(seed)
    report: dict = {"accepted": 0, "refused": 0, "different": []}
    async with Client(url, mode="legacy", read_timeout_seconds=20, cache=None) as client:
        report["protocolVersion"] = client.protocol_version
        schemas = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        for tool in TOOLS:
            validator = Draft202012Validator(schemas[tool])
            names = list(schemas[tool].get("properties", {})) or ["any"]
            for _ in range(CALLS):
                arguments = members(chance, names + ["other"] if chance.random() < 0.2 else names)
                result = await client.call_tool(tool, arguments)
                is_refused = result.is_error and result.content[0].text.startswith(REFUSAL)
                report["refused" if is_refused else "accepted"] += 1
                if is_refused == validator.is_valid(arguments):
                    report["different"].append([tool, arguments, result.content[0].text])
    return report


if __name__ == "__main__":
    print(json.dumps(judged(anyio.run(visit, sys.argv[1], int(sys.argv[2])))))
