#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The metadata service, a bucket that checks SigV4 signatures, and a wait-condition handle.

usage: aws-stand-in.py FOLDER. Serves FOLDER/bucket/KEY at /bucket/KEY, appends what is PUT to
/signal to FOLDER/signals, refuses what is PUT to /expired and /denied, writes its port to FOLDER/port and each request's path to FOLDER/requests.
"""
import hashlib
import hmac
import http.server
import json
import pathlib
import sys

ACCESS, SECRET, SESSION, TOKEN = "AKIDEXAMPLE", "secret/with+signs", "session==", "imds-token"
METADATA = {
    "instance-id": "i-0123456789abcdef0",
    "iam/security-credentials/": "receiver-role",
    "iam/security-credentials/receiver-role": json.dumps(
        {"Code": "Success", "AccessKeyId": ACCESS, "SecretAccessKey": SECRET, "Token": SESSION}, indent=2),
}
# What S3 says of an address it was presigned for too long ago, and of one an endpoint's policy forbids.
REFUSALS = {
    f"/{name}": f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>'.encode()
    for name, message in {"expired": "Request has expired", "denied": "Access Denied"}.items()
}
folder = pathlib.Path(sys.argv[1])


def digest(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(handler: http.server.BaseHTTPRequestHandler, fields: dict) -> str:
    """What the Authorization header must hold, computed from the request as it arrived."""
    _, day, region, service, _ = fields["Credential"].split("/")
    signed = fields["SignedHeaders"].split(";")
    headers = "".join(f"{name}:{handler.headers[name].strip()}\n" for name in signed)
    payload = handler.headers.get("x-amz-content-sha256", hashlib.sha256(b"").hexdigest())
    request = "\n".join(["GET", handler.path, "", headers, ";".join(signed), payload])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", handler.headers["x-amz-date"], scope,
                      hashlib.sha256(request.encode()).hexdigest()])
    key = digest(digest(digest(digest(b"AWS4" + SECRET.encode(), day), region), service), "aws4_request")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status: int, body: bytes = b""):
        with (folder / "requests").open("a") as log:
            log.write(f"{self.command} {self.path} {status}\n")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/latest/api/token":
            self.answer(200, TOKEN.encode())
        elif self.path == "/signal":
            # CloudFormation's presigned URL was signed for an empty content type
            if self.headers.get("Content-Type"):
                return self.answer(403)
            with (folder / "signals").open("a") as log:
                log.write(json.dumps(json.loads(body)) + "\n")
            self.answer(200)
        elif self.path in REFUSALS:
            self.answer(403, REFUSALS[self.path])
        else:
            self.answer(404)

    def do_GET(self):
        if self.path.startswith("/latest/meta-data/"):
            if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
                return self.answer(401)
            value = METADATA.get(self.path.removeprefix("/latest/meta-data/"))
            return self.answer(404) if value is None else self.answer(200, value.encode())
        authorization = self.headers.get("Authorization", "")
        if not authorization.startswith("AWS4-HMAC-SHA256 "):
            return self.answer(403)
        fields = dict(part.strip().split("=", 1) for part in authorization.split(" ", 1)[1].split(","))
        good = ("x-amz-security-token" in fields["SignedHeaders"] and self.headers["x-amz-security-token"] == SESSION
                and fields["Credential"].startswith(ACCESS + "/") and fields["Signature"] == signature(self, fields))
        target = folder / self.path.lstrip("/")
        if not good or not target.is_file():
            return self.answer(403 if not good else 404)
        self.answer(200, target.read_bytes())


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
(folder / "port.new").write_text(str(server.server_address[1]))
(folder / "port.new").rename(folder / "port")
server.serve_forever()
