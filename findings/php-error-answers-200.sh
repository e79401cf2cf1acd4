#!/usr/bin/env bash
# PHP 8.2 without a php.ini, as in its container image: an uncaught error of a program is answered with 200, with the program's own
# Content-Type and the error as the body, under FPM and under the built-in server. Callers of the program take the error for a
# result. The value is display_errors, which is on by default: only with 0 is the status 500; the value stderr, which sounds as if
# it kept errors out of the answer, doesn't help. Needs Debian's packages php8.2-cli, php8.2-fpm and nginx.
set -euo pipefail
cd "$(mktemp -d)"
chmod 755 .
pids=()
trap '[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null; wait' EXIT
php=${PHP_PORT:-4741}
nginx=${NGINX_PORT:-4742}
cat > charge.php <<'PHP'
<?php
parse_str($_SERVER['QUERY_STRING'] ?? '', $query);
if (isset($query['display_errors'])) {
    ini_set('display_errors', $query['display_errors']);
}
function share(int $total, int $parts): float { return $total / $parts; }

header('Content-Type: application/json');
echo json_encode(['share' => share(17, 0)]);
PHP
cat > fpm.conf <<CONF
[global]
daemonize = no
error_log = $PWD/fpm.log
[finding]
listen = $PWD/fpm.socket
listen.mode = 0666
pm = static
pm.max_children = 1
user = nobody
CONF
cat > nginx.conf <<CONF
daemon off;
pid $PWD/nginx.pid;
error_log $PWD/nginx.log;
events {}
http {
  access_log off;
  client_body_temp_path $PWD/body;
  fastcgi_temp_path $PWD/fastcgi;
  proxy_temp_path $PWD/proxy;
  scgi_temp_path $PWD/scgi;
  uwsgi_temp_path $PWD/uwsgi;
  server {
    listen 127.0.0.1:$nginx;
    location / {
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $PWD/charge.php;
      fastcgi_pass unix:$PWD/fpm.socket;
    }
  }
}
CONF
php -n -S "127.0.0.1:$php" charge.php >php.log 2>&1 &
pids+=($!)
php-fpm8.2 -n -R -y fpm.conf >/dev/null 2>&1 &
pids+=($!)
nginx -c "$PWD/nginx.conf" 2>/dev/null &
pids+=($!)
for port in "$php" "$nginx"; do
  curl --silent --output /dev/null --retry 20 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$port/"
done
answer() {
  local head body
  head=$(curl --silent --output answer --write-out '%{http_code} %{content_type}' "http://127.0.0.1:$1/$2")
  body=$(grep -o "Fatal error" answer | head -1) || body='an empty body'
  echo "$head, $body"
}
seen=$(
  for value in '' '?display_errors=stderr' '?display_errors=0'; do
    echo "${value:-by default}: built-in server $(answer "$php" "$value"); FPM $(answer "$nginx" "$value")"
  done
)
echo "PHP $(php -n -r 'echo PHP_VERSION;'), $(nginx -v 2>&1 | sed 's/.*: //'): a program throws DivisionByZeroError"
echo 'expected: 500'
echo "observed: ${seen//$'\n'/$'\n'observed: }"
[ "$seen" = 'by default: built-in server 200 application/json, Fatal error; FPM 200 application/json, Fatal error
?display_errors=stderr: built-in server 200 application/json, Fatal error; FPM 200 application/json, Fatal error
?display_errors=0: built-in server 500 application/json, an empty body; FPM 500 application/json, an empty body' ]
