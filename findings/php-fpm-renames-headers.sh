#!/usr/bin/env bash
# PHP 8.2: getallheaders() has the names of headers as the client wrote them under the built-in server (php -S), and in words with
# capitals under FPM, which builds them from HTTP_WEBHOOK_ID. A receiver of webhooks that reads getallheaders()['webhook-id'], or
# hands getallheaders() to a library that looks for that name, works in development and finds no header behind nginx.
# $_SERVER['HTTP_WEBHOOK_ID'] is the same under both. Needs Debian's packages php8.2-cli, php8.2-fpm and nginx.
set -euo pipefail
cd "$(mktemp -d)"
chmod 755 .
pids=()
trap '[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null; wait' EXIT
php=${PHP_PORT:-4731}
nginx=${NGINX_PORT:-4732}
cat > hook.php <<'PHP'
<?php
$headers = getallheaders();
$by_name = $headers['webhook-id'] ?? 'nothing';
$names = implode(', ', array_filter(array_keys($headers), fn ($name) => stripos($name, 'webhook') === 0));
echo PHP_SAPI, ": name {$names}, getallheaders()['webhook-id'] {$by_name}, HTTP_WEBHOOK_ID {$_SERVER['HTTP_WEBHOOK_ID']}\n";
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
      fastcgi_param SCRIPT_FILENAME $PWD/hook.php;
      fastcgi_pass unix:$PWD/fpm.socket;
    }
  }
}
CONF
php -n -S "127.0.0.1:$php" hook.php >php.log 2>&1 &
pids+=($!)
php-fpm8.2 -n -R -y fpm.conf >/dev/null 2>&1 &
pids+=($!)
nginx -c "$PWD/nginx.conf" 2>/dev/null &
pids+=($!)
post() {
  curl --silent --fail --retry 20 --retry-all-errors --retry-delay 1 -H 'webhook-id: 17' -d '{}' "http://127.0.0.1:$1/hooks"
}
seen=$(post "$php"; post "$nginx")
echo "PHP $(php -n -r 'echo PHP_VERSION;'), $(nginx -v 2>&1 | sed 's/.*: //')"
echo "expected: the same names under both servers"
echo "observed: ${seen/$'\n'/$'\n'observed: }"
[ "$seen" = "cli-server: name webhook-id, getallheaders()['webhook-id'] 17, HTTP_WEBHOOK_ID 17
fpm-fcgi: name Webhook-Id, getallheaders()['webhook-id'] nothing, HTTP_WEBHOOK_ID 17" ]
