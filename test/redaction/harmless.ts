/** Lines as healthy services write them: what a redaction changes here, it takes from those who read logs. */
export const HARMLESS: readonly string[] = `
GET /healthz 200 1ms
POST /v1/claims 201 84ms request_id=0f8fad5b-d9cb-469f-a165-70867728950e
listening on :8080
connected to database app on db.example.com:5432 in 12 ms
completion_tokens=512 prompt_tokens=128 total_tokens=640
max_tokens reached after 4096 tokens
tokenizer cl100k_base loaded, vocabulary 100277
the token expired, asking for a new one
token bucket refilled: 100 of 100
password reset mail queued for user 4711
password must have at least 12 characters
secret rotation finished for 3 secrets
no secret found under path kv/app
cache hit ratio 0.93 over 10m
image sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 pulled
commit 3f2a9c1d4e5b6a7988776655443322110ffeeddc deployed
etag W/"5e15153d-1a2b" not modified
traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
span 00f067aa0ba902b7 ended after 17 ms
user ann@example.com logged in from 10.0.0.7
session started for user 4711
session 12 of 40 closed
basic auth is disabled
bearer authentication required
authorization denied by rule preprocessor>model-server:8500
authorized 17 requests in 1 s
cookie banner shown
certificate CN=api.example.com valid until 2027-01-31
serial 4F:2A:91:00:BC rotated
public key fingerprint SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDwYm8xQVNDnQ2Yl0o
key rotation scheduled for Sunday
key not found: user:4711
primary key violation on table claims
access to /admin refused for role auditor
model mistral-7b-instruct-v0.2 loaded in 12.4 s
model sk-learn pipeline v1.4 trained
loading weights from /models/llama-3-8b/model-00001-of-00004.safetensors
batch 17/120 loss 0.4312 lr 3e-05
embedding dimension 1024, 20312 vectors
rate limit 60/min for client 10.2.3.4
retrying in 2s (attempt 3 of 5)
upstream timed out after 30s: http://retriever:7000/search
https://docs.example.com/guide/start?lang=en&page=2 opened
redis://cache:6379/0 connected
postgresql://db.example.com:5432/app connected
queue depth 42, oldest message 3s
gc pause 12ms heap 384MB
worker 7 exited with code 0
pod preprocessor-5d8f7c9b6d-x2x7k is ready
node ip-10-0-3-17.eu-west-1.compute.internal joined
volume pvc-1f2e3d4c-5b6a-7980-1122-334455667788 bound
configmap kube-root-ca.crt unchanged
helm release claims-triage revision 12
policy claims-triage generation d7cba1feea9f2b05 applied
3 files changed, 41 insertions(+), 7 deletions(-)
invoice INV-2026-000417 paid
order 8812-AF-77 shipped
phone call from +49 30 123456
temperature 21.5 C humidity 40 %
feature flag new-triage=on
locale de-DE currency EUR
user agent Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36
content-type application/json; charset=utf-8
accept-encoding gzip, br
x-request-id 7b1c9a52
cron 0 3 * * * finished in 214 s
SELECT id, state FROM claims WHERE id = $1
UPDATE claims SET state = 'closed' WHERE id = 17
index claims_state_idx scanned 12 pages
checkpoint complete: wrote 45 buffers
replica lag 0.2 s
disk usage 71 %
s3://acme-models/claims/v3/model.onnx downloaded
gs://acme-data/2026/11/24/part-0001.parquet read
npm ci finished in 12 s
pip install -r requirements.txt
docker.io/library/postgres:16.4
ghcr.io/acme/model-server:0.9.3
version 1.4.2 build 20261124.3
base64 decoding of attachment 3 finished, 18 KiB
avatar iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk stored
license Apache-2.0
warning: deprecated option --foo
error: unexpected end of input at line 3
panic: runtime error: index out of range [3] with length 3
at handler (/app/server.js:112:17)
Caused by: java.net.SocketTimeoutException: Read timed out
exit status 137 (killed)
health check failed 3 times in a row
scaling from 2 to 4 replicas
leader elected: controller-0
lease renewed by controller-0
webhook answered 200 in 34 ms
alert resolved after 12 m
quarantine of preprocessor released
decision 01JDB3X2Q7 allow rule api-gateway>preprocessor:8081
finding image-without-digest accepted until 2027-06-30
the quick brown fox jumps over the lazy dog
Zürich 東京 São Paulo
`
  .trim()
  .split("\n");
