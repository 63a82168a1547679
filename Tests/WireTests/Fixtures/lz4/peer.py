"""The LZ4 of PyPI as the other side of the tests of ours.

usage: .venv/bin/python Tests/WireTests/Fixtures/lz4/peer.py make
           writes the blocks beside this file anew
       .venv/bin/python Tests/WireTests/Fixtures/lz4/peer.py check FOLDER
           reads each NAME.block in FOLDER, which must stand for the bytes of NAME.plain, and writes NAME.peer, its own
           block of the same bytes; exits 1 when one does not
"""

import pathlib
import sys

import lz4.block

HERE = pathlib.Path(__file__).parent
EXAMPLES = ["04-tools-call-json-2025-11-25", "25-header-mismatch-2026-07-28", "42-bridge-status-translation"]

# The same as in LZ4Samples.swift.
GENERATED = {
    "empty": b"",
    "byte": b"a",
    "twelve": b"a" * 12,
    "thirteen": b"a" * 13,
    "zeros": bytes(70_000),
    "period-3": bytes(i % 3 for i in range(5_000)),
    "period-251": bytes(i % 251 for i in range(200_000)),
    "curve": bytes((i * i >> 4) & 255 for i in range(3_000)),
}


def make():
    for name in EXAMPLES:
        plain = (HERE.parent / "examples" / f"{name}.json").read_bytes()
        (HERE / f"{name}.lz4").write_bytes(lz4.block.compress(plain, store_size=False))
        best = lz4.block.compress(plain, store_size=False, mode="high_compression", compression=12)
        (HERE / f"{name}.best.lz4").write_bytes(best)
    for name, plain in GENERATED.items():
        (HERE / f"{name}.lz4").write_bytes(lz4.block.compress(plain, store_size=False))


def check(folder):
    wrong = []
    for file in sorted(folder.glob("*.block")):
        plain = file.with_suffix(".plain").read_bytes()
        try:
            if lz4.block.decompress(file.read_bytes(), uncompressed_size=len(plain)) != plain:
                wrong.append(f"{file.stem}: other bytes")
        except lz4.block.LZ4BlockError as error:
            wrong.append(f"{file.stem}: {error}")
        file.with_suffix(".peer").write_bytes(lz4.block.compress(plain, store_size=False))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["make"]:
        sys.exit(make())
    if len(sys.argv) == 3 and sys.argv[1] == "check":
        sys.exit(check(pathlib.Path(sys.argv[2])))
    sys.exit(__doc__)
