#!/usr/bin/env python3
# The SAM template: linted, translated as AWS does it, the translation linted and asked who may do what; and `sam build`.
# reads: deployments/template.yaml deployments/samconfig.toml deployments/lambda/Makefile

from __future__ import annotations

import copy
import json
import os
import platform
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import support
from support import ROOT, require

PROGRAMS = support.tools("sam")

import boto3  # noqa: E402
from samcli.commands.deploy.command import cli as sam_deploy  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

DEPLOYMENTS = ROOT / "deployments"
TEMPLATE = DEPLOYMENTS / "template.yaml"
REGION = "eu-west-1"
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/mcp-tool-server@sha256:{'0' * 64}"

CANNOT_BE_NARROWED = {
    "xray:PutTraceSegments", "xray:PutTelemetryRecords", "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
}
"""What AWS only grants for all resources, or, of the interfaces, what Lambda demands for all."""

SETTINGS_OF_A_VERSION = ("Architectures", "MemorySize", "Timeout", "VpcConfig", "Environment")
"""The properties of a function that a published version keeps, and that this template sets by parameters."""

Json = Any


def run(*command: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A program, with its output kept; nothing here may ask AWS or report to it."""
    quiet = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(
        [str(word) for word in command], cwd=DEPLOYMENTS, capture_output=True, text=True, timeout=300,
        env={**os.environ, **quiet, **(environment or {})})


def translated(template: Json, **parameters: str) -> Json:
    """What CloudFormation gets to see: resources of SAM become resources of AWS. The zip is one that was uploaded."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    result = translator.translate(template, parameters)
    for section in ("Transform", "Globals"):
        result.pop(section, None)
    return json.loads(json.dumps(result))


def findings(template: Json, name: str) -> list[str]:
    """What the linter says of a translated template. The translator has put the value of DeploymentType in (W2001)."""
    path = support.work() / f"{name}.json"
    path.write_text(json.dumps(template))
    ended = run(PROGRAMS / "cfn-lint", "--format", "json", "--ignore-checks", "W2001", "--regions", REGION, "--", path)
    return [f"{found['Rule']['Id']} {found['Message']}" for found in json.loads(ended.stdout)]


def decided(value: Json, conditions: dict[str, bool]) -> Json:
    """The value with every Fn::If decided; None where nothing is left."""
    if isinstance(value, dict):
        if "Fn::If" in value:
            name, then, otherwise = value["Fn::If"]
            return decided(then if conditions.get(name, False) else otherwise, conditions)
        if value == {"Ref": "AWS::NoValue"}:
            return None
        return {key: decided(member, conditions) for key, member in value.items()}
    if isinstance(value, list):
        return [member for member in (decided(member, conditions) for member in value) if member is not None]
    return value


def of_type(template: Json, kind: str) -> dict[str, Json]:
    """The resources of a type, by logical name."""
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def references(value: Json) -> Iterator[str]:
    """The names that a value refers to."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "Ref":
                yield member
            elif key == "Fn::Sub":
                yield from re.findall(r"\$\{([^}!.]+)", member if isinstance(member, str) else member[0])
            else:
                yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def listed(value: Json) -> list[Json]:
    """IAM takes one or many."""
    return value if isinstance(value, list) else [value]


# What is asked of the template


def check_lint(template: Json) -> None:
    """Both linters pass, and the one that sees the translation finds what the other is blind to."""
    ended = run(PROGRAMS / "sam", "validate", "--lint", "--template", TEMPLATE, "--region", REGION)
    require(ended.returncode == 0, f"sam validate --lint: {ended.stdout}{ended.stderr}")
    for name, parameters in {"zip": {}, "image": {"ImageUri": IMAGE}}.items():
        found = findings(translated(template, **parameters), name)
        require(not found, f"translated for the {name}: {found}")
    wrong = copy.deepcopy(template)
    wrong["Resources"]["ToolServer"]["Properties"]["FunctionUrlConfig"]["InvokeMode"] = "STREAM"
    found = findings(translated(wrong), "wrong")
    require(any(line.startswith("E3030") for line in found), f"a wrong InvokeMode is not found: {found}")


def check_parameters(template: Json) -> None:
    """Every parameter says what it is for and what it takes; the defaults are the closed ones, and fit the makefile's."""
    for name, parameter in template["Parameters"].items():
        require(parameter.get("Description"), f"parameter {name} has no description")
        bounds = {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter)
        require(bounds or parameter["Type"] == "CommaDelimitedList", f"parameter {name} takes anything")
        default, pattern = parameter["Default"], parameter.get("AllowedPattern")
        require(not pattern or re.search(pattern, str(default)), f"the default of {name} is none that it takes")
    grouped = [
        name for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]]
    require(sorted(grouped) == sorted(template["Parameters"]), "the groups are not of the parameters that there are")
    for name in ("ApiAuthorization", "UrlAuthorization"):
        require(template["Parameters"][name]["Default"] == "AWS_IAM", f"{name} lets everybody in by default")
    makefile = (DEPLOYMENTS / "lambda/Makefile").read_text()
    built = re.search(r"^ARCHITECTURE \?= (\w+)$", makefile, re.MULTILINE)
    require(
        built and built[1] == template["Parameters"]["Architecture"]["Default"],
        "the makefile builds for another architecture than the template deploys")


def check_policies(template: Json) -> None:
    """The role may do what is listed here; "*" stands only where nothing narrower is granted."""
    role = template["Resources"]["Role"]["Properties"]
    require("ManagedPolicyArns" not in role, "the role has policies that others write")
    trusted = [statement["Principal"] for statement in role["AssumeRolePolicyDocument"]["Statement"]]
    require(trusted == [{"Service": "lambda.amazonaws.com"}], f"others may take the role: {trusted}")

    everything = {"HasSecret": True, "HasSecretKey": True, "IsInVpc": True}
    for policy in decided(role["Policies"], everything):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny":
                continue
            for resource in listed(statement["Resource"]):
                narrow = "*" not in json.dumps(resource)
                actions = set(listed(statement["Action"]))
                require(narrow or actions <= CANNOT_BE_NARROWED, f"{policy['PolicyName']}: {actions} for {resource}")
                require(not any("*" in action for action in actions), f"{policy['PolicyName']}: {actions}")

    def allowed(**conditions: bool) -> dict[str, list[Json]]:
        return {
            policy["PolicyName"]: policy["PolicyDocument"]["Statement"]
            for policy in decided(role["Policies"], conditions)}

    require(list(allowed()) == ["logs-and-traces"], "the role may more than it needs without Redis and VPC")
    secret = allowed(HasSecret=True)["redis-url"]
    require(
        secret == [{
            "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "RedisUrlSecretArn"}}],
        f"the secret: {secret}")
    [key] = allowed(HasSecret=True, HasSecretKey=True)["redis-url-key"]
    require(
        key["Action"] == "kms:Decrypt" and key["Resource"] == {"Ref": "RedisUrlSecretKeyArn"}
        and key["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"] == {"Ref": "RedisUrlSecretArn"},
        f"the key of the secret: {key}")
    _, denied = allowed(IsInVpc=True)["network-interfaces"]
    require(
        denied["Effect"] == "Deny" and denied["Action"] == "ec2:*", "the code may make network interfaces itself")

    others = {name: role for name, role in of_type(template, "AWS::IAM::Role").items() if name != "Role"}
    require(
        [role["Properties"].get("ManagedPolicyArns") for role in others.values()]
        == [["arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"]],
        f"there are other roles than those of the function and of CodeDeploy: {list(others)}")
    require(not of_type(template, "AWS::IAM::Policy") and not of_type(template, "AWS::IAM::RolePolicy"), "stray policies")


def check_secret(template: Json) -> None:
    """The function is told where the secret is, never what it is."""
    require("{{resolve" not in json.dumps(template), "a secret is written into the stack")
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        variables = function["Properties"]["Environment"]["Variables"]
        require("REDIS_URL" not in variables, f"{name} has the Redis URL in its configuration")
        require(variables["REDIS_URL_SECRET_ARN"] == {"Ref": "RedisUrlSecretArn"}, f"{name} is not told of the secret")
        require(variables["LAMBDA_RESPONSE_STREAMING"] == "true", f"{name} does not stream")


def check_doors(template: Json) -> None:
    """Who may call: by default nobody who is not allowed to by IAM. Both doors lead to the alias, and stream."""
    urls = of_type(template, "AWS::Lambda::Url")
    require(len(urls) == 2, f"Function URLs: {list(urls)}")
    for name, url in urls.items():
        properties = url["Properties"]
        require(properties["AuthType"] == {"Ref": "UrlAuthorization"}, f"{name}: {properties['AuthType']}")
        require(properties["InvokeMode"] == "RESPONSE_STREAM", f"{name} does not stream")
        require(properties["TargetFunctionArn"]["Ref"].endswith("Aliaslive"), f"{name} goes past the alias")

    require(template["Conditions"]["UrlIsOpen"] == {"Fn::Equals": [{"Ref": "UrlAuthorization"}, "NONE"]}, "UrlIsOpen")
    for name, permission in of_type(template, "AWS::Lambda::Permission").items():
        properties = permission["Properties"]
        if properties["Principal"] == "*":
            require(permission.get("Condition") == "UrlIsOpen", f"{name} lets everybody in")
            bound = properties.get("FunctionUrlAuthType") == "NONE" or properties.get("InvokedViaFunctionUrl") is True
            require(bound, f"{name} lets everybody in by every door")
        else:
            require(
                properties["Principal"] == "apigateway.amazonaws.com"
                and "${Api}/live/" in properties["SourceArn"]["Fn::Sub"], f"{name} is for more than this API")
        for is_image, alias in ((False, "ToolServerAliaslive"), (True, "ToolServerImageAliaslive")):
            target = decided(properties["FunctionName"], {"IsImage": is_image})
            require(target == {"Ref": alias}, f"{name} is for {target}")

    paths = template["Resources"]["Api"]["Properties"]["Body"]["paths"]
    routes = {(path, method) for path, methods in paths.items() for method in methods}
    require(
        routes == {("/mcp", "post"), ("/mcp", "get"), ("/mcp", "delete"), ("/health", "get"), ("/metrics", "get")},
        f"routes: {routes}")
    for path, method in routes:
        operation = paths[path][method]
        require(decided(operation["security"], {}) == [{"sigv4": []}], f"{method} {path} is open")
        require(decided(operation["security"], {"ApiIsOpen": True}) == [], f"{method} {path} cannot be opened")
        integration = operation["x-amazon-apigateway-integration"]
        text, names = integration["uri"]["Fn::Sub"]
        require(integration["responseTransferMode"] == "STREAM", f"{method} {path} does not stream")
        require(text.endswith("/functions/${Alias}/response-streaming-invocations"), f"{method} {path}: {text}")
        require(
            decided(names["Alias"], {}) == {"Ref": "ToolServerAliaslive"}
            and decided(names["Alias"], {"IsImage": True}) == {"Ref": "ToolServerImageAliaslive"},
            f"{method} {path} goes past the alias")
    scheme = template["Resources"]["Api"]["Properties"]["Body"]["components"]["securitySchemes"]["sigv4"]
    require(scheme["x-amazon-apigateway-authtype"] == "awsSigv4", f"the security scheme: {scheme}")


def check_stage_is_renewed(template: Json) -> None:
    """A stage serves a copy of the API. Closing the API by its parameter must renew it, or it would stay open."""
    require(template["Resources"]["Api"]["Properties"].get("AlwaysDeploy") is True, "the stage is not always renewed")


def check_alarms(template: Json) -> None:
    """Each alarm can go off, and those that speak against a version stop its deployment."""
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    watched = {(alarm["Properties"]["Namespace"], alarm["Properties"]["MetricName"]) for alarm in alarms.values()}
    require(
        watched == {
            ("AWS/Lambda", "Errors"), ("AWS/Lambda", "Duration"), ("AWS/Lambda", "Throttles"), ("AWS/Lambda", "Url5xxCount"),
            ("AWS/ApiGateway", "5XXError")},
        f"alarms: {watched}")
    duration = alarms["DurationAlarm"]["Properties"]
    require(duration["ExtendedStatistic"] == "p99", "durations are not judged by their 99th percentile")
    for name, alarm in alarms.items():
        properties = alarm["Properties"]
        require(properties["TreatMissingData"] == "notBreaching", f"{name} goes off when nobody calls")
        require(
            decided(properties["AlarmActions"], {"HasAlarmTopic": True}) == [{"Ref": "AlarmTopicArn"}],
            f"{name} is sent nowhere")
    for name in ("ErrorsAlarm", "DurationAlarm"):
        dimensions = {each["Name"]: each["Value"] for each in alarms[name]["Properties"]["Dimensions"]}
        require(
            decided(dimensions["Resource"], {}) == {"Fn::Sub": "${ToolServer}:live"}
            and decided(dimensions["Resource"], {"IsImage": True}) == {"Fn::Sub": "${ToolServerImage}:live"},
            f"{name} does not watch the alias")
    api = template["Resources"]["Api"]["Properties"]
    dimensions = {each["Name"]: each["Value"] for each in alarms["ApiFailuresAlarm"]["Properties"]["Dimensions"]}
    [stage] = of_type(template, "AWS::ApiGateway::Stage").values()
    require(
        dimensions == {"ApiName": api["Name"], "Stage": stage["Properties"]["StageName"]},
        "ApiFailuresAlarm watches another API")

    for function in of_type(template, "AWS::Lambda::Function"):
        alias = template["Resources"][f"{function}Aliaslive"]
        policy = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        group = template["Resources"][policy["DeploymentGroupName"]["Ref"]]["Properties"]
        stopping = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
        require(group["AlarmConfiguration"]["Enabled"] is True, f"{function}: alarms do not stop a deployment")
        require(stopping == set(alarms) - {"ThrottlesAlarm"}, f"{function}: a deployment is stopped by {stopping}")
        rollback = group["AutoRollbackConfiguration"]
        require(
            rollback["Enabled"] is True and "DEPLOYMENT_STOP_ON_ALARM" in rollback["Events"],
            f"{function}: a stopped deployment is not rolled back")


def check_versions(template: Json) -> None:
    """A parameter that changes what a version keeps must make another version, or it would not reach the alias."""
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        settings = {key: function["Properties"].get(key) for key in SETTINGS_OF_A_VERSION}
        parameters = set(references(settings)) & set(template["Parameters"])
        require("LogLevel" in parameters and "SubnetIds" in parameters, f"{name}: settings were not found: {parameters}")
        [version] = [
            version for version in of_type(template, "AWS::Lambda::Version").values()
            if version["Properties"]["FunctionName"] == {"Ref": name}]
        described = set(references(version["Properties"]["Description"]))
        require(parameters <= described, f"{name}: {parameters - described} can change without making a version")
    images = [list(of_type(translated(yaml_parse(TEMPLATE.read_text()), ImageUri=uri), "AWS::Lambda::Version"))
              for uri in (IMAGE, IMAGE[:-1] + "1")]
    require(images[0] != images[1], "another image makes no version")


def check_logs(template: Json) -> None:
    """Logs end some day, and both functions write them, and traces, where the role lets them."""
    logs = template["Resources"]["Logs"]["Properties"]
    require(logs["RetentionInDays"] == {"Ref": "LogRetentionDays"}, "logs are kept forever")
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        properties = function["Properties"]
        require(properties["LoggingConfig"]["LogGroup"] == {"Ref": "Logs"}, f"{name} logs elsewhere")
        require(properties["TracingConfig"] == {"Mode": "Active"}, f"{name} is not traced")
        require(properties["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}, f"{name} has another role")
        require("ReservedConcurrency" in references(properties["ReservedConcurrentExecutions"]), f"{name} is not bounded")


def check_configuration() -> None:
    """The settings for `sam deploy` are ones that it has, and enough for a template that makes a role."""
    settings = tomllib.loads((DEPLOYMENTS / "samconfig.toml").read_text())["default"]["deploy"]["parameters"]
    unknown = set(settings) - {option.name for option in sam_deploy.params}
    require(not unknown, f"sam deploy does not know {unknown}")
    require(settings["capabilities"] == "CAPABILITY_IAM", "sam deploy may not make the role")


def check_build() -> None:
    """`sam build` makes the function's files by the makefile, here around a binary that is there already."""
    for command, package in (("make", "make"), ("objdump", "binutils")):
        support.need(command, package)
    target = support.work() / "build"
    ended = run(
        PROGRAMS / "sam", "build", "--template", TEMPLATE, "--build-dir", target, environment={
            "BINARY": str(support.BIN_DIR / "mcp-tool-server"), "NEWEST_GLIBC": platform.libc_ver()[1],
            "ARCHITECTURE": {"aarch64": "arm64"}.get(platform.machine(), platform.machine())})
    require(ended.returncode == 0, f"sam build: {ended.stdout}{ended.stderr}")
    built = {path.name for path in (target / "ToolServer").iterdir()}
    require({"bootstrap", "mcp-tool-server"} <= built, f"sam build made {built}")
    require(os.access(target / "ToolServer/bootstrap", os.X_OK), "bootstrap cannot be executed")
    image = yaml_parse((target / "template.yaml").read_text())["Resources"]["ToolServerImage"]
    require(image["Properties"]["ImageUri"] == {"Ref": "ImageUri"}, "sam build has replaced the image that is given")


def main() -> None:
    source = yaml_parse(TEMPLATE.read_text())
    result = translated(source)
    check_lint(source)
    check_parameters(source)
    check_policies(result)
    check_secret(result)
    check_doors(result)
    check_stage_is_renewed(source)
    check_alarms(result)
    check_versions(result)
    check_logs(result)
    check_configuration()
    check_build()


if __name__ == "__main__":
    main()
