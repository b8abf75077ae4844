"""CloudFormation templates and IAM policies, as cfn-lint reads them."""

from __future__ import annotations

import json
from functools import cache

import pytest

from ferray.cluster.checks.cloudformation import NAME
from tests.cluster.checks.said import said_by

STATEMENT = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::x/*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]}, indent=1)


WRONG_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Head:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Alow
            Action: [ec2:RunInstanecs, ec2:TerminateInstances]
            Resource: "*"
  Worker:
    Type: AWS::IAM::ManagedPolcy
  Other:
    Type: AWS::IAM::Role
    Properties:
      AsumeRolePolicyDocument: {}
"""
WRONG_POLICY = POLICY.replace("s3:GetObject", "s3:GetObjekt").replace('"Resource"', '"Resorce"')


@cache
def said(text: str, path: str) -> list[tuple[int | None, str]]:
    """What cfn-lint says, asked once, as it takes a second."""
    return said_by(NAME, text, path)


def test_a_good_policy_is_let_pass() -> None:
    assert said(POLICY, "a.json") == []


@pytest.mark.parametrize(
    ("text", "path", "line", "words"),
    [
        (WRONG_TEMPLATE, "a.yaml", 10, "did you mean `runinstances`?"),
        (WRONG_TEMPLATE, "a.yaml", 9, "E3510"),
        (WRONG_TEMPLATE, "a.yaml", 13, "E3006"),
        (WRONG_TEMPLATE, "a.yaml", 17, "E3002"),
        (WRONG_POLICY, "a.json", 6, "did you mean `getobject`?"),
        (WRONG_POLICY, "a.json", 9, "Did you mean 'Resource'?"),
    ],
)
def test_a_typo_is_named_with_its_line(text: str, path: str, line: int, words: str) -> None:
    found = said(text, path)
    assert [message for number, message in found if number == line and words in message], found
