#!/usr/bin/env bash
# Checkov 3.3.30 reports a queue that SQS encrypts with its own keys as unencrypted (CKV_AWS_27), if CloudFormation describes
# it. It accepts the same queue in Terraform.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30
cat > queue.json <<'JSON'
{ "Resources": { "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "SqsManagedSseEnabled": true } } } }
JSON
cat > queue.tf <<'TF'
resource "aws_sqs_queue" "queue" {
  sqs_managed_sse_enabled = true
}
TF
echo "checkov $(venv/bin/checkov --version)"
echo 'expected: both pass'
for file in queue.json queue.tf; do
  venv/bin/checkov --file "$file" --check CKV_AWS_27 --compact --soft-fail --output json > report.json 2> log.txt
  python3 -c "import json; s = json.load(open('report.json'))['summary']; print('$file: passed', s['passed'], 'failed', s['failed'])"
done | tee observed.txt
grep -qx 'queue.json: passed 0 failed 1' observed.txt
grep -qx 'queue.tf: passed 1 failed 0' observed.txt
