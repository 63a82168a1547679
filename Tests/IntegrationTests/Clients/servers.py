"""How the scripts here reach a server."""

from mcp import StdioServerParameters
from mcp.client.sse import sse_client


def target(server: str):
    """What `Client` takes for SERVER: a URL of Streamable HTTP, one of HTTP+SSE, which ends in /sse, or the path of
    mcp-tool-server, which then runs with its specimens over standard input and output."""
    if server.endswith("/sse"):
        return sse_client(server)
    return server if server.startswith("http") else StdioServerParameters(
        command=server, args=["stdio", "--everything"])
