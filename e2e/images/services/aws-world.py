"""Fills the emulator at AWS_URL, before it checks signatures, and then has it check them. Prints, as JSON, the
access keys of: an administrator, the users uploads, archive (which has two) and stranger."""

import json
import os
import urllib.request

import boto3

iam = boto3.client("iam", endpoint_url=os.environ["AWS_URL"], region_name="us-east-1",
                   aws_access_key_id="nobody", aws_secret_access_key="nothing")


def user(name, action, keys=1):
    iam.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps(document))
    made = [iam.create_access_key(UserName=name)["AccessKey"] for _ in range(keys)]
    return {"id": made[0]["AccessKeyId"], "secret": made[0]["SecretAccessKey"]}


world = {"administrator": user("administrator", "*"), "uploads": user("uploads", "sts:*"),
         "archive": user("archive", "sts:*", keys=2), "stranger": user("stranger", "sts:*")}
urllib.request.urlopen(urllib.request.Request(
    os.environ["AWS_URL"] + "/moto-api/reset-auth", data=b"0",
    headers={"Content-Type": "application/octet-stream"}))
print(json.dumps(world))
