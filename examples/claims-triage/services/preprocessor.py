"""preprocessor.mjs in Python, with nothing but its standard library: the language of a workload does not matter."""

import json
import os
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

MODEL_SERVER = os.environ.get("MODEL_SERVER_URL", "http://model-server.ai-sensitive:8500")
GEOCODER = os.environ.get("GEOCODER_URL", "https://api.geocoder.example")

PERSONAL = [
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b"), "[account]"),
    (re.compile(r"\+?\d[\d ()/-]{7,}\d"), "[number]"),
    (re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof)\.? [A-Z][a-z]+(?: [A-Z][a-z]+)?"), "[person]"),
]


def redact(text):
    for pattern, word in PERSONAL:
        text = pattern.sub(word, text)
    return text


def locate(address):
    if address == "":
        return "unknown"
    try:
        with urlopen(f"{GEOCODER}/v1/geocode?q={quote(redact(address))}", timeout=10) as answer:
            return json.load(answer)["region"]
    except (URLError, KeyError, ValueError):
        return "unknown"


class Preprocessor(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if self.path != "/preprocess" or length > 65536:
            return self.answer(404, b"{}")
        claim = json.loads(self.rfile.read(length))
        features = {"text": redact(claim["text"]), "region": locate(claim["address"])}
        request = Request(
            f"{MODEL_SERVER}/model/infer",
            json.dumps({"id": claim["id"], "features": features}).encode(),
            {"content-type": "application/json", "authorization": self.headers.get("authorization", "")},
        )
        try:
            with urlopen(request, timeout=30) as answer:
                return self.answer(answer.status, answer.read())
        except HTTPError as refusal:
            return self.answer(refusal.code, refusal.read())
        except URLError:
            return self.answer(502, b"{}")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, line, *words):
        print(line % words, flush=True)


if __name__ == "__main__":
    place = (os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8081")))
    print(f"listening on {place[1]} (Python)", flush=True)
    ThreadingHTTPServer(place, Preprocessor).serve_forever()
