# shellcheck shell=bash
# The emulator of AWS Lambda that AWS publishes, out of the package that brings it: .venv-lambda in the repository.

LAMBDA_EMULATOR=$ROOT/.venv-lambda/samcli/local/rapid/aws-lambda-rie-$(uname -m | sed s/aarch64/arm64/)

# ensure_lambda_emulator: the emulator as $LAMBDA_EMULATOR. After ensure_venv.
ensure_lambda_emulator() {
    ensure_program_of_package lambda "the emulator of AWS Lambda" "$LAMBDA_EMULATOR"
}
