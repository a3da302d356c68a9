"""Makes an IAM user of this name with one access key at the emulator at AWS_URL, as the administrator whose
pair "id:secret" is on stdin: prints the new pair."""

import os
import sys

import boto3

key, secret = sys.stdin.read().strip().split(":", 1)
iam = boto3.client("iam", endpoint_url=os.environ["AWS_URL"], region_name="us-east-1", aws_access_key_id=key,
                   aws_secret_access_key=secret)
iam.create_user(UserName=sys.argv[1])
made = iam.create_access_key(UserName=sys.argv[1])["AccessKey"]
print(f"{made['AccessKeyId']}:{made['SecretAccessKey']}")
