"""Asks the emulator at AWS_URL who somebody is, with the pair "id:secret" on stdin: prints his ARN, or the code
with which he is refused. With a user's name as argument: how many access keys that one has."""

import os
import sys

import boto3
import botocore.exceptions

key, secret = sys.stdin.read().strip().split(":", 1)
more = {"endpoint_url": os.environ["AWS_URL"], "region_name": "us-east-1", "aws_access_key_id": key,
        "aws_secret_access_key": secret}
try:
    if len(sys.argv) > 1:
        print(len(boto3.client("iam", **more).list_access_keys(UserName=sys.argv[1])["AccessKeyMetadata"]))
    else:
        print(boto3.client("sts", **more).get_caller_identity()["Arn"])
except botocore.exceptions.ClientError as error:
    print(error.response["Error"]["Code"])
