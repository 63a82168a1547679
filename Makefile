# The scripts as targets; each says more with --help.
.PHONY: run build test bench ci format clean

run:
	scripts/run

build:
	scripts/build

test:
	scripts/test

bench:
	scripts/bench

ci:
	.ci/run

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

clean:
	rm -rf .build .build-checked .venv
