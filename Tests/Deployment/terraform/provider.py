"""A Terraform provider that knows a schema and nothing else (plugin protocol 6).

It is enough for `init`, `validate`, and `terraform test` with mocked providers: Terraform asks the provider for its schema
and whether a configuration is valid; what would be created, the mock says. Beyond Terraform's own checks it refuses values
that the provider's documentation does not list.

usage: started by Terraform, with the schema's file in PROVIDER_SCHEMA
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import msgpack
from tf.gen import tfplugin_pb2 as messages
from tf.gen import tfplugin_pb2_grpc as services

# How Terraform tells its plugins that it was it who started them.
COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")

# Fields that are younger than the package's copy of the protocol: their bytes are put in as they go over the wire.
WRITE_ONLY = b"\x58\x01"  # Attribute.write_only = 11: true
EPHEMERAL_SCHEMAS = 8  # GetProviderSchema.Response.ephemeral_resource_schemas
OPENED_RESULT = 3  # OpenEphemeralResource.Response.result

UNKNOWN = object()


def schema_block(block: dict[str, Any]) -> messages.Schema.Block:
    """A block of the schema, as the protocol has it."""
    result = messages.Schema.Block()
    for attribute in block["attributes"]:
        entry = result.attributes.add(
            name=attribute["name"],
            type=json.dumps(attribute["type"]).encode(),
            required=attribute["required"],
            optional=attribute["optional"],
            computed=attribute["computed"],
            sensitive=attribute.get("sensitive", False),
        )
        if attribute.get("write_only"):
            entry.MergeFromString(WRITE_ONLY)
    for nested in block["blocks"]:
        entry = result.block_types.add(
            type_name=nested["name"], nesting=nested["nesting"], min_items=nested["min"], max_items=nested["max"]
        )
        entry.block.CopyFrom(schema_block(nested["block"]))
    return result


def schema(block: dict[str, Any]) -> messages.Schema:
    return messages.Schema(version=0, block=schema_block(block))


def length_prefixed(field: int, content: bytes) -> bytes:
    """A field of the wire format that holds bytes."""
    size, length = len(content), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([field << 3 | 2]) + length + bytes([size]) + content


def refused(block: dict[str, Any], value: Any, path: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
    """Every value that the documentation does not list, with its place."""
    if not isinstance(value, dict):
        return
    for attribute in block["attributes"]:
        given = value.get(attribute["name"])
        if attribute.get("enum") and isinstance(given, str) and given not in attribute["enum"]:
            allowed = ", ".join(attribute["enum"])
            yield path + [attribute["name"]], f'{attribute["name"]} must be one of {allowed}; it is "{given}"'
    for nested in block["blocks"]:
        inner = value.get(nested["name"])
        entries = enumerate(inner) if isinstance(inner, list) else [(None, inner)]
        for index, entry in entries:
            place = path + [nested["name"]] + ([] if index is None or nested["nesting"] != 2 else [index])
            yield from refused(nested["block"], entry, place)


def decoded(value: messages.DynamicValue) -> Any:
    if not value.msgpack:
        return json.loads(value.json)
    return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False, ext_hook=lambda code, data: UNKNOWN)


def complaints(block: dict[str, Any], config: messages.DynamicValue) -> list[messages.Diagnostic]:
    """What is wrong with a resource's configuration."""
    found = []
    for path, text in refused(block, decoded(config), []):
        steps = [
            messages.AttributePath.Step(element_key_int=step)
            if isinstance(step, int)
            else messages.AttributePath.Step(attribute_name=step)
            for step in path
        ]
        place = messages.AttributePath(steps=steps)
        found.append(messages.Diagnostic(severity=1, summary="Value not in the documented set", detail=text, attribute=place))
    return found


class Provider(services.ProviderServicer):
    """What Terraform asks while it validates and tests."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self.schemas = schemas

    def GetMetadata(self, request: Any, context: grpc.ServicerContext) -> None:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "ask for the schema")

    def GetProviderSchema(self, request: Any, context: Any) -> messages.GetProviderSchema.Response:
        response = messages.GetProviderSchema.Response(provider=schema(self.schemas["provider"]))
        for name, block in self.schemas["resources"].items():
            response.resource_schemas[name].CopyFrom(schema(block))
        for name, block in self.schemas["ephemeral"].items():
            pair = length_prefixed(1, name.encode()) + length_prefixed(2, schema(block).SerializeToString())
            response.MergeFromString(length_prefixed(EPHEMERAL_SCHEMAS, pair))
        return response

    def ValidateProviderConfig(self, request: Any, context: Any) -> messages.ValidateProviderConfig.Response:
        return messages.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> messages.ValidateResourceConfig.Response:
        found = complaints(self.schemas["resources"][request.type_name], request.config)
        return messages.ValidateResourceConfig.Response(diagnostics=found)

    def ConfigureProvider(self, request: Any, context: Any) -> messages.ConfigureProvider.Response:
        return messages.ConfigureProvider.Response()


class Ephemeral(grpc.GenericRpcHandler):
    """What is younger than the package's copy of the protocol: values that live as long as one run of Terraform."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self.schemas = schemas
        self.answers = {
            "/plugin.GRPCController/Shutdown": self.end,
            "/tfplugin6.Provider/ValidateEphemeralResourceConfig": lambda request, context: b"",
            "/tfplugin6.Provider/OpenEphemeralResource": self.open,
            "/tfplugin6.Provider/CloseEphemeralResource": lambda request, context: b"",
        }

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        answer = self.answers.get(details.method)
        return answer and grpc.unary_unary_rpc_method_handler(answer, request_deserializer=bytes, response_serializer=bytes)

    def open(self, request: bytes, context: Any) -> bytes:
        """What was configured, and a made-up text for each text that the provider would make."""
        # Its first two fields, type and configuration, are those of a request to validate a resource.
        asked = messages.ValidateResourceConfig.Request.FromString(request)
        value = decoded(asked.config)
        for attribute in self.schemas["ephemeral"][asked.type_name]["attributes"]:
            if attribute["computed"] and attribute["type"] == "string" and value[attribute["name"]] is None:
                value[attribute["name"]] = f"made up for {attribute['name']}"
        result = messages.DynamicValue(msgpack=msgpack.packb(value))
        return length_prefixed(OPENED_RESULT, result.SerializeToString())

    @staticmethod
    def end(request: bytes, context: Any) -> bytes:
        threading.Timer(0.05, os._exit, [0]).start()
        return b""


def main() -> None:
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        sys.exit("this is a plugin: Terraform starts it")
    with open(os.environ["PROVIDER_SCHEMA"]) as file:
        schemas = json.load(file)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    services.add_ProviderServicer_to_server(Provider(schemas), server)
    server.add_generic_rpc_handlers((Ephemeral(schemas),))
    socket = os.path.join(tempfile.mkdtemp(prefix="provider-"), "socket")
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    print(f"1|6|unix|{socket}|grpc", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
