"""process_data on FastMCP, for comparison: answers JSON, without sessions, one worker.

usage: fastmcp_server.py PORT
"""

import sys
from datetime import datetime, timezone

from fastmcp import FastMCP

server = FastMCP("peer")


@server.tool
def process_data(data: dict, operation: str) -> dict:
    """Turns the text values of the top level to upper case."""
    result = {name: value.upper() if isinstance(value, str) else value for name, value in data.items()}
    return {
        "operation": operation, "input_size": len(str(data)), "processed_at": datetime.now(timezone.utc).isoformat(),
        "result": result if operation == "transform" else data}


if __name__ == "__main__":
    server.run(
        transport="http", host="127.0.0.1", port=int(sys.argv[1]), path="/mcp", stateless_http=True, json_response=True,
        show_banner=False, log_level="ERROR")
