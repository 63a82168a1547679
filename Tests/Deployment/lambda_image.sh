#!/usr/bin/env bash
# The zip of the Lambda function: made by make, whole, small, and able to run where there is glibc and bash and nothing else.
# reads: deployments/Dockerfile.lambda deployments/Dockerfile.lambda.dockerignore deployments/Makefile deployments/lambda/
set -euo pipefail
# shellcheck source-path=SCRIPTDIR/../../scripts
source "$ROOT/scripts/lib/common.sh"
source "$ROOT/scripts/lib/packages.sh"
source "$ROOT/scripts/lib/python.sh"
source "$ROOT/scripts/lib/processes.sh"

# Lambda takes 250 MiB unpacked; this is what the start of an instance has to load.
MAXIMUM_ZIP_BYTES=$((20 << 20))
MAXIMUM_BYTES=$((60 << 20))

ARCHITECTURE=$(uname -m | sed s/aarch64/arm64/)
SERVER=$BIN_DIR/mcp-tool-server
# What the zip is made for here. For Lambda it is 2.34.
GLIBC=$(ldd --version | sed -n '1s/.* //p')

need_command make make
need_command zip zip
need_command unzip unzip
need_command curl curl
need_command objdump binutils
need_command setpriv util-linux
need_python
install_missing
ensure_tools hadolint
ensure_tools sam

# The environment is asked, since its path has the version of Python in it.
EMULATOR=$("$ROOT/.venv-sam/bin/python" -c 'import os, samcli; print(os.path.dirname(samcli.__file__))')
EMULATOR=$EMULATOR/local/rapid/aws-lambda-rie-$ARCHITECTURE

make_zip() {
    make --no-print-directory -C "$ROOT/deployments" lambda-zip BINARY="$SERVER" ARCHITECTURE="$ARCHITECTURE" OUT="$WORK/out" "$@"
}

check_dockerfile() {
    "$ROOT/.venv-hadolint/bin/hadolint" "$ROOT/deployments/Dockerfile.lambda"
    # Builder and runtime are of one distribution, and so of one glibc.
    grep -q '^FROM swift:[0-9.]*-amazonlinux2023 AS build$' "$ROOT/deployments/Dockerfile.lambda" ||
        fail "Dockerfile.lambda does not build on Amazon Linux 2023"
    grep -q '^FROM public.ecr.aws/lambda/provided:al2023 AS image$' "$ROOT/deployments/Dockerfile.lambda" ||
        fail "Dockerfile.lambda does not run on Amazon Linux 2023"
}

# A binary that wants a newer glibc than Lambda has is refused when the zip is made, by name.
check_old_glibc_is_respected() {
    local output
    ! output=$(make_zip NEWEST_GLIBC=2.17 2>&1) || fail "a zip was made that no glibc 2.17 can run"
    [[ $output == *" needs glibc 2."*"Lambda has 2.17"* ]] || fail "it is not said why there is no zip: $output"
    [[ ! -e $WORK/out/mcp-tool-server-$ARCHITECTURE.zip ]] || fail "there is a zip in spite of it"
}

check_zip() {
    local zip=$WORK/out/mcp-tool-server-$ARCHITECTURE.zip file bytes
    make_zip NEWEST_GLIBC="$GLIBC"
    bytes=$(stat -c %s "$zip")
    ((bytes <= MAXIMUM_ZIP_BYTES)) || fail "the zip has $bytes bytes"
    mkdir "$WORK/system" "$WORK/system/var"
    unzip -q "$zip" -d "$WORK/system/var/task"
    bytes=$(du -sb "$WORK/system/var/task" | cut -f 1)
    ((bytes <= MAXIMUM_BYTES)) || fail "the function has $bytes bytes"
    say "the zip has $(stat -c %s "$zip") bytes, unpacked $bytes"
    # Lambda runs it as a user of its own, so everybody must be able to.
    for file in bootstrap mcp-tool-server; do
        [[ $(stat -c %a "$WORK/system/var/task/$file") == 755 ]] || fail "$file cannot be executed by everybody"
    done
    ! find "$WORK/system/var/task" -mindepth 1 -type d | grep . || fail "there are folders in the zip"
    ! readelf -S "$WORK/system/var/task/mcp-tool-server" | grep -q '\.debug_info' || fail "the server is not stripped"
    for file in "$WORK"/system/var/task/*; do
        case ${file##*/} in
            bootstrap | mcp-tool-server | libstdc++.so.* | libgcc_s.so.*) ;;
            *) fail "${file##*/} has no place in the zip" ;;
        esac
    done
}

# copy_library PATH: into the root, where the loader looks for it.
copy_library() {
    install -D "$1" "$WORK/system$1"
}

# A root of nothing but bash, its libraries, and the parts of glibc that the server names.
make_root() {
    local library
    install -D /bin/bash "$WORK/system/bin/bash"
    for library in $(ldd /bin/bash | grep -o '/[^ ]*'); do
        copy_library "$library"
    done
    for library in $(ldd "$SERVER" | grep -oE '/[^ ]*/(libc|libm|ld-linux[^ ]*)\.so\.[0-9]+'); do
        copy_library "$library"
    done
    # Lambda has these too, and a place to write.
    mkdir -p "$WORK/system/proc" "$WORK/system/dev" "$WORK/system/tmp"
    chmod 1777 "$WORK/system/tmp"
    : >"$WORK/system/dev/null"
    chmod 666 "$WORK/system/dev/null"
}

# invoke EVENT: the answer of the function.
invoke() {
    curl --silent --show-error --fail --max-time 20 --data "$1" "http://127.0.0.1:$PORT/2015-03-31/functions/function/invocations"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The function's own files find all they need in such a root: every library but glibc is in the zip.
check_bare_run() {
    local answer event
    ((EUID == 0)) || { say "only root may change the root: run as root to have the zip run in an empty one" && exit 77; }
    [[ -x $EMULATOR ]] || { say "there is no emulator of AWS Lambda for $ARCHITECTURE" && exit 77; }
    unshare --mount mount --bind /proc /proc 2>/dev/null || { say "nothing can be mounted here" && exit 77; }
    make_root
    PORT=$(free_port)
    begin_processes
    # With /proc, as on Lambda: the loader learns there where the server is, and Swift what its arguments are.
    # shellcheck disable=SC2016 # for the shell inside
    start_process function unshare --mount bash -c 'mount --bind /proc "$0/proc" && exec "$@"' "$WORK/system" \
        env -i PATH="$PATH" LAMBDA_RESPONSE_STREAMING=true ENVIRONMENT=bare AWS_LAMBDA_FUNCTION_TIMEOUT=10 \
        "$EMULATOR" --log-level warn --runtime-interface-emulator-address "127.0.0.1:$PORT" \
        --runtime-api-address "127.0.0.1:$(free_port)" chroot --userspec=65534:65534 "$WORK/system" /var/task/bootstrap
    await function 20 "listening" port_is_taken "$PORT"
    event='{"version":"2.0","rawPath":"/health","requestContext":{"http":{"method":"GET","path":"/health"}}}'
    answer=$(invoke "$event" | tr -d '\0') || fail "no answer: $(<"$RUN_DIRECTORY/function.log")"
    [[ $answer == *'"statusCode":200'*'"environment":"bare"'* ]] ||
        fail "the function does not serve: $answer $(<"$RUN_DIRECTORY/function.log")"
}

check_dockerfile
check_old_glibc_is_respected
check_zip
check_bare_run
