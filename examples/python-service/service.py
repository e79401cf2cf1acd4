"""A plain HTTP service: counts the words of a text. It knows nothing of queues."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.respond(200 if self.path == "/health" else 404, {})

    def do_POST(self):
        if self.path != "/process":
            return self.respond(404, {"error": "POST /process"})
        length = self.headers.get("content-length")
        if length is None:
            return self.respond(411, {"error": "a Content-Length is needed"})
        try:
            text = self.rfile.read(int(length)).decode()
        except UnicodeDecodeError as error:
            return self.respond(422, {"error": str(error)})
        self.respond(200, {"words": len(text.split()), "characters": len(text)})

    def respond(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    ThreadingHTTPServer(("127.0.0.1", port), Service).serve_forever()
