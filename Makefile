# The scripts as targets; each says more with --help.
.PHONY: run build test bench fuzz ci format clean

run:
	scripts/run

build:
	scripts/build

test:
	scripts/test

bench:
	scripts/bench

fuzz:
	scripts/fuzz 60

ci:
	.ci/run

format:
	git ls-files -z '*.swift' | xargs -0 swift format --in-place --parallel

clean:
	rm -rf .build .build-* .venv
