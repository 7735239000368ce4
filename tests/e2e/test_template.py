"""template.yaml says the same as the code and the other files that must agree with it."""

import json
import re
import tomllib

import yaml

from conftest import aws_client
from support.gateway import TABLE
from support.process import ROOT


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as plain values: only the structure matters here."""


def _short_form(loader, _, node):
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    return loader.construct_sequence(node, deep=True)


_Loader.add_multi_constructor("!", _short_form)
TEMPLATE = yaml.load((ROOT / "template.yaml").read_text(), _Loader)
RESOURCES, GLOBALS = TEMPLATE["Resources"], TEMPLATE["Globals"]
FUNCTIONS = {name: r for name, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}


def routes_of_the_template():
    for function in FUNCTIONS.values():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "Api":
                assert event["Properties"]["ResponseTransferMode"] == "RESPONSE_STREAM"
                yield event["Properties"]["Path"], function["Metadata"]["BuildProperties"]["Binary"]


def test_api_gateway_and_cargo_lambda_watch_send_a_path_to_the_same_function():
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]
    router = workspace["metadata"]["lambda"]["watch"]["router"]
    watched = {re.sub(r"\{\*rest\}", "{proxy+}", path): function for path, function in router.items()}
    assert dict(routes_of_the_template()) == watched


def test_each_function_has_a_role_of_its_own_and_a_package_of_its_name():
    roles = [function["Properties"]["Role"] for function in FUNCTIONS.values()]
    assert len(set(roles)) == len(roles) == 4
    for function in FUNCTIONS.values():
        assert (ROOT / "functions" / function["Metadata"]["BuildProperties"]["Binary"] / "src/main.rs").exists()


def test_no_role_reaches_beyond_what_it_is_for():
    bucket = "arn:${AWS::Partition}:s3:::"
    configuration = (bucket + "${ConfigBucket}/${ConfigKey}", bucket + "${ConfigBucket}/${ConfigIncludes}")
    buckets = (*configuration, bucket + "${CacheBucket}", bucket + "${CacheBucket}/*")
    allowed = ("Table.Arn", "MasterKey", "ProviderKeys", "SealingKey", "CustomAuthFunction", *buckets)
    for name, role in RESOURCES.items():
        if role["Type"] != "AWS::IAM::Role":
            continue
        own = name.replace("Role", "Logs.Arn")
        for statement in statements(role):
            resources = statement["Resource"]
            for resource in resources if isinstance(resources, list) else [resources]:
                assert resource in (*allowed, own)
            assert "*" not in str(statement["Action"])


def test_every_role_gets_the_operators_own_policy_where_there_is_one():
    roles = [role["Properties"] for role in RESOURCES.values() if role["Type"] == "AWS::IAM::Role"]
    assert len(roles) == 4
    for role in roles:
        assert role["ManagedPolicyArns"] == {"Fn::If": ["HasExtraPolicy", ["ExtraPolicyArn"], "AWS::NoValue"]}


def test_the_bundled_configuration_names_no_secret_of_one_stack_alone():
    bundled = (ROOT / "infra/bundle/config.yaml").read_text()
    named = {value for value in strings(yaml.safe_load(bundled)) if "aws_secret" in value}
    assert not named
    variables = {value for value in strings(yaml.safe_load(bundled)) if value.startswith("os.environ/")}
    set_by_template = GLOBALS["Function"]["Environment"]["Variables"].keys()
    assert {value.removeprefix("os.environ/") for value in variables} <= set_by_template


def strings(value):
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def statements(role):
    for policy in role["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def test_postern_makes_the_table_that_the_template_describes(table, aws):
    described = RESOURCES["Table"]["Properties"]
    client = aws_client("dynamodb", aws["AWS_ENDPOINT_URL_DYNAMODB"])
    made = client.describe_table(TableName=TABLE)["Table"]
    assert made["KeySchema"] == described["KeySchema"]
    assert sorted_by_name(made["AttributeDefinitions"]) == sorted_by_name(described["AttributeDefinitions"])
    assert made["BillingModeSummary"]["BillingMode"] == described["BillingMode"]
    ttl = client.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert ttl["AttributeName"] == described["TimeToLiveSpecification"]["AttributeName"]


def sorted_by_name(definitions):
    return sorted(definitions, key=lambda definition: definition["AttributeName"])


def test_the_schedules_input_is_the_sample():
    schedule = FUNCTIONS["MaintenanceFunction"]["Properties"]["Events"]["Sweep"]["Properties"]
    sample = json.loads((ROOT / "events/maintenance-scheduler.json").read_text())
    assert json.loads(schedule["Input"]).keys() == sample.keys()
