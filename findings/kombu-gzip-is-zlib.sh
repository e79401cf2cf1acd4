#!/usr/bin/env bash
# kombu 5.7.0, the messaging library of Celery, compresses bodies with compression='gzip' and names that application/x-gzip in the header
# `compression`. The bytes are in the format of zlib (RFC 1950), not of gzip (RFC 1952): gunzip and every reader of gzip reject them. kombu
# itself reads them, but consumers in other languages, which go by the name, don't.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check kombu==5.7.0
cat > compress.py <<'PY'
import gzip
import platform
import sys
import zlib

import kombu
from kombu.compression import compress

# What Producer.publish(…, compression='gzip') sends: the body, and the header.
body, header = compress(b'{"order": 17}', 'gzip')
try:
    by_gzip = gzip.decompress(body).decode()
except gzip.BadGzipFile as error:
    by_gzip = f'{type(error).__name__}: {error}'
by_zlib = zlib.decompress(body).decode()
print(f'kombu {kombu.__version__}, Python {platform.python_version()}')
print('expected: a body named application/x-gzip is gzip, and begins with 1f8b')
print(f'observed: {header}, begins with {body[:2].hex()}; read as gzip: {by_gzip}; read as zlib: {by_zlib}')
sys.exit(0 if header == 'application/x-gzip' and by_gzip.startswith('BadGzipFile') and by_zlib == '{"order": 17}' else 1)
PY
python/bin/python compress.py
