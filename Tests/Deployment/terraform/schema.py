"""The schema of Terraform's google provider, read out of the bindings for it that PyPI has.

The provider itself is not on PyPI, and a check must not depend on reaching any other place. The bindings (a package made by
machine from the provider's own schema, for people who write infrastructure in Python) name every argument, whether it is
required, how blocks nest, and, in the documentation, which values are allowed. That is all that `terraform validate` needs.

usage: schema.py WHEEL OUT.json RESOURCE_TYPE...
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import Any

# How the bindings call Terraform's types.
SIMPLE = {"string": "string", "boolean": "bool", "number": "number"}
ELEMENTS = {
    "stringList": "string", "numberList": "number", "booleanList": "bool",
    "stringMap": "string", "numberMap": "number", "booleanMap": "bool", "anyMap": "string",
}  # fmt: skip
NESTING = {"struct": 1, "list": 2, "set": 3}

# What may be given and is filled in when it is not. The bindings do not tell it from what is only optional, so this is
# the list of those that the modules refer to without giving them.
FILLED_IN = {"id", "project", "region", "zone", "location", "address", "ip_address", "self_link"}


@dataclass
class Argument:
    """One entry of the tables from which the bindings write HCL."""

    value: str
    is_block: bool
    kind: str
    storage: str


@dataclass
class Resource:
    """The source text of one resource's bindings, cut into its tables."""

    script: str
    declarations: str
    tables: dict[str, dict[str, Argument]] = field(default_factory=dict)
    members: dict[str, dict[str, tuple[bool, list[str]]]] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for match in re.finditer(r"^function (\w+)ToHclTerraform\(struct\) \{(.*?)^\}", self.script, re.M | re.S):
            self.tables[match[1]] = arguments(match[2])
        for match in re.finditer(r"^export interface (\w+)[^{]*\{(.*?)^\}", self.declarations, re.M | re.S):
            self.members[match[1]] = members(match[2])
        for match in re.finditer(r"^class (\w+) extends [\w.]+ \{(.*?)^\}", self.script, re.M | re.S):
            self.classes[match[1]] = match[2]

    def schema(self) -> dict[str, Any]:
        """The block of the resource itself."""
        name = re.search(r"^class (\w+) extends cdktf\.Terraform(?:Resource|Provider)", self.script, re.M)
        table = re.search(r"synthesizeHclAttributes\(\) \{(.*?)^    \}", self.script, re.M | re.S)
        assert name and table, "the bindings have another form than this reads"
        return self.block(arguments(table[1]), name[1] + "Config", name[1])

    def block(self, table: dict[str, Argument], interface: str, reader: str) -> dict[str, Any]:
        """A block: its arguments, the blocks in it, and what only the provider says."""
        known = self.members.get(interface, {})
        attributes, blocks = [], []
        for name, argument in sorted(table.items()):
            required, allowed = known.get(camel_case(name), (False, []))
            if argument.is_block and argument.kind in NESTING:
                blocks.append(self.nested(name, argument, required))
            else:
                attributes.append({
                    "name": name, "type": attribute_type(argument), "required": required, "optional": not required,
                    "computed": not required and name in FILLED_IN, "write_only": name.endswith("_wo"), "enum": allowed,
                })  # fmt: skip
        for name, kind in self.read_only(reader).items():
            if name not in table:
                attributes.append({
                    "name": name, "type": kind, "required": False, "optional": False, "computed": True,
                    "write_only": False, "enum": [],
                })  # fmt: skip
        return {"attributes": attributes, "blocks": blocks}

    def nested(self, name: str, argument: Argument, required: bool) -> dict[str, Any]:
        """A block inside a block."""
        function = re.search(r"listMapperHcl\((\w+)ToHclTerraform|(\w+)ToHclTerraform", argument.value)
        assert function, argument.value
        table = function[1] or function[2]
        interface = table[0].upper() + table[1:]
        nesting = NESTING[argument.kind]
        # What may be there once only is read through an object, what may be repeated through a list.
        single = re.search(rf'new {interface}OutputReference\(this, "{name}"', self.script) is not None
        is_group = nesting == NESTING["struct"]
        return {
            "name": name, "nesting": nesting, "min": int(required and not is_group), "max": int(single and not is_group),
            "block": self.block(self.tables[table], interface, interface + "OutputReference"),
        }  # fmt: skip

    def read_only(self, reader: str) -> dict[str, Any]:
        """What a class of the bindings reads back from the provider."""
        body, found = self.classes.get(reader, ""), {}
        for kind, name in re.findall(r"return this\.get(String|Number|Boolean)Attribute\('(\w+)'\)", body):
            found[name] = SIMPLE[kind.lower()]
        for name in re.findall(r"this\.getListAttribute\('(\w+)'\)", body):
            found[name] = ["list", "string"]
        for kind, name in re.findall(r"new cdktf\.(String|Number|Boolean)Map\(this, \"(\w+)\"\)", body):
            found[name] = ["map", SIMPLE[kind.lower()]]
        for base, name in re.findall(r"new (\w+)List\(this, \"(\w+)\"", body):
            found[name] = ["list", ["object", self.read_only(base + "OutputReference")]]
        return found


def arguments(text: str) -> dict[str, Argument]:
    """The table that a function of the bindings begins with."""
    entry = re.compile(
        r"^\s+(\w+): \{\n\s+value: (.*?),\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\",",
        re.M | re.S,
    )
    return {m[1]: Argument(m[2], m[3] == "true", m[4], m[5]) for m in entry.finditer(text)}


def members(text: str) -> dict[str, tuple[bool, list[str]]]:
    """The members of an interface: whether each is required, and which values its documentation allows."""
    found = {}
    for match in re.finditer(r"(?:/\*\*((?:(?!\*/).)*)\*/\s*)?^    readonly (\w+)(\??):", text, re.M | re.S):
        values = re.search(r'Possible values: \[((?:"[^"]+"(?:, )?)+)\]', match[1] or "")
        found[match[2]] = (match[3] != "?", re.findall(r'"([^"]+)"', values[1]) if values else [])
    return found


def attribute_type(argument: Argument) -> Any:
    """The type, as Terraform writes it in JSON."""
    if argument.kind == "simple":
        return SIMPLE[argument.storage]
    return [argument.kind, ELEMENTS[argument.storage]]


def camel_case(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def bindings(wheel: str) -> tarfile.TarFile:
    """The archive with the bindings' source inside the package."""
    with zipfile.ZipFile(wheel) as package:
        archive = next(name for name in package.namelist() if name.endswith(".jsii.tgz"))
        return tarfile.open(fileobj=io.BytesIO(package.read(archive)))


def main(wheel: str, out: str, types: list[str]) -> None:
    folders = {"google": "provider"} | {kind: kind.removeprefix("google_").replace("_", "-") for kind in types}
    wanted = {f"package/lib/{folder}/index.{end}" for folder in folders.values() for end in ("js", "d.ts")}
    texts = {}
    with bindings(wheel) as archive:
        for member in archive:
            if member.name in wanted and (file := archive.extractfile(member)):
                texts[member.name] = file.read().decode()
    schemas = {}
    for kind, folder in folders.items():
        if f"package/lib/{folder}/index.js" not in texts:
            sys.exit(f"the google provider has no resource {kind}")
        parts = (texts[f"package/lib/{folder}/index.{end}"] for end in ("js", "d.ts"))
        schemas[kind] = Resource(*parts).schema()
    provider = schemas.pop("google")
    # Terraform itself knows `alias`; a provider's own schema has only what can be configured.
    provider["attributes"] = [a | {"computed": False} for a in provider["attributes"] if a["optional"] and a["name"] != "alias"]
    with open(out, "w") as file:
        json.dump({"provider": provider, "resources": schemas, "ephemeral": {}}, file)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
