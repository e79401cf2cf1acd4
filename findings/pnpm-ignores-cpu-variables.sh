#!/usr/bin/env bash
# pnpm 12.23.0 has the option --cpu, but ignores the variables npm_config_cpu and pnpm_config_cpu without a word, and installs the
# native code of this machine. The variable pnpm_config_supported_architectures, as JSON, works. pnpm 11 ignores that one, too.
set -euo pipefail
cd "$(mktemp -d)"
echo '{ "private": true }' > package.json
for version in 11.28.11 12.23.0; do
  npm install --silent --no-audit --no-fund --save-exact --prefix "tool-$version" "pnpm@$version"
done
# A processor that this machine doesn't have.
[ "$(node -p process.arch)" = arm64 ] && other=x64 || other=arm64
install() { # version, an option or a variable
  case $2 in --*) option=$2 variable=UNUSED= ;; *) option= variable=$2 ;; esac
  rm -rf project
  mkdir project
  echo '{ "private": true, "dependencies": { "esbuild": "0.28.2" } }' > project/package.json
  (cd project && env "$variable" "../tool-$1/node_modules/.bin/pnpm" install --ignore-scripts $option > ../log.txt 2>&1)
  ls project/node_modules/.pnpm | grep -q -- "-$other@" && found="$other" || found='this machine'
  echo "pnpm $1 ${2%%=*}: native code of $found"
}
architectures="pnpm_config_supported_architectures={\"cpu\":[\"$other\"]}"
echo "expected: native code of $other each time"
{
  install 12.23.0 "--cpu=$other"
  install 12.23.0 "npm_config_cpu=$other"
  install 12.23.0 "pnpm_config_cpu=$other"
  install 12.23.0 "$architectures"
  install 11.28.11 "$architectures"
} | tee observed.txt
[ "$(grep -c "of $other$" observed.txt)" = 2 ]
grep -q "^pnpm 12.23.0 --cpu: .*$other$" observed.txt
grep -q "^pnpm 12.23.0 pnpm_config_supported_architectures: .*$other$" observed.txt
