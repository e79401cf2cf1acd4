#!/usr/bin/env bash
# A response whose connection ends in the middle of its body is a whole one, without an error, for three clients of standard
# libraries. With Content-Length: Python's urllib when it is read in pieces, as by shutil.copyfileobj (read() at once raises
# IncompleteRead), Ruby's Net::HTTP and open-uri, PHP's file_get_contents. With chunks: PHP's file_get_contents. Programs that
# download a result with them must compare its size. Needs Python 3 and Debian's packages ruby and php8.2-cli.
set -euo pipefail
cd "$(mktemp -d)"
cat > clients.py <<'PY'
import io
import platform
import shutil
import subprocess
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Cut(BaseHTTPRequestHandler):
    """Sends 5 bytes of 10, by length or in chunks, and ends the connection."""

    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        chunked = self.path == '/chunks'
        self.send_response(200)
        self.send_header(*(('Transfer-Encoding', 'chunked') if chunked else ('Content-Length', '10')))
        self.end_headers()
        self.wfile.write(b'5\r\n[1,2,\r\n' if chunked else b'[1,2,')
        self.close_connection = True

    def log_message(self, *_):
        pass


def at_once(url):
    with urllib.request.urlopen(url) as response:
        return response.read().decode()


def in_pieces(url):
    body = io.BytesIO()
    with urllib.request.urlopen(url) as response:
        shutil.copyfileobj(response, body)
    return body.getvalue().decode()


def caught(read):
    def run(url):
        try:
            return read(url)
        except Exception as error:
            return type(error).__name__

    return run


def program(*command):
    return lambda url: subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout


RUBY = 'begin; print(%s); rescue => error; print(error.class); end'
CLIENTS = {
    'urllib read()': caught(at_once),
    'urllib copyfileobj()': caught(in_pieces),
    'Net::HTTP': program('ruby', '-rnet/http', '-e', RUBY % 'Net::HTTP.get(URI(ARGV[0]))'),
    'open-uri': program('ruby', '-ropen-uri', '-e', RUBY % 'URI.open(ARGV[0]).read'),
    'file_get_contents()': program('php', '-n', '-r', 'echo file_get_contents($argv[1]);'),
}

server = ThreadingHTTPServer(('127.0.0.1', 0), Cut)
threading.Thread(target=server.serve_forever, daemon=True).start()
root = f'http://127.0.0.1:{server.server_port}'
seen = [
    f'{name}: Content-Length {read(root + "/length")}, chunks {read(root + "/chunks")}' for name, read in CLIENTS.items()
]
ruby = subprocess.run(['ruby', '-e', 'print RUBY_VERSION'], capture_output=True, text=True, check=True).stdout
php = subprocess.run(['php', '-n', '-r', 'echo PHP_VERSION;'], capture_output=True, text=True, check=True).stdout
print(f'Python {platform.python_version()}, Ruby {ruby}, PHP {php}: the connection ends after [1,2, which is half of the body')
print('expected: an error')
for line in seen:
    print(f'observed: {line}')
known = [
    'urllib read(): Content-Length IncompleteRead, chunks IncompleteRead',
    'urllib copyfileobj(): Content-Length [1,2,, chunks IncompleteRead',
    'Net::HTTP: Content-Length [1,2,, chunks EOFError',
    'open-uri: Content-Length [1,2,, chunks EOFError',
    'file_get_contents(): Content-Length [1,2,, chunks [1,2,',
]
sys.exit(0 if seen == known else 1)
PY
python3 clients.py
