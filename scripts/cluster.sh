#!/usr/bin/env bash
# ./dev cluster: Redis, three nodes and HAProxy before them, on loopback, until Ctrl-C. Expects the
# server to be built.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh

folder=build/run-cluster
children=()
trap 'trap - EXIT; kill "${children[@]}" 2>/dev/null || true; wait 2>/dev/null || true' EXIT
trap 'exit 0' INT TERM

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

next_port=8080 balancer='' redis='' port=''
# free_port VARIABLE: the next port that nobody listens on.
free_port() {
  until port_is_free "$next_port"; do next_port=$((next_port + 1)); done
  printf -v "$1" %s "$next_port"
  next_port=$((next_port + 1))
}

# Under another name, the whole server is in the package redis-tools, too.
redis_program() {
  local name
  for name in redis-server valkey-server redis-check-rdb; do
    command -v "$name" && return
  done
  die "there is no redis-server; the package redis-tools has it"
}

# wait_for WHAT COMMAND...: until it succeeds.
wait_for() {
  local what=$1 tries
  shift
  for ((tries = 0; tries < 100; ++tries)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  die "$what did not start; see $folder"
}

answers() { curl --silent --fail --max-time 1 "http://127.0.0.1:$1/readyz"; }

command -v curl >/dev/null || die "curl is missing"
rm -rf "$folder"
mkdir -p "$folder"
free_port balancer
free_port redis
redis_server=$(redis_program)
say "Redis on port $redis"
(exec -a redis-server "$redis_server" --port "$redis" --bind 127.0.0.1 --dir "$folder" --appendonly yes) \
  >"$folder/redis.log" 2>&1 &
children+=($!)

servers=''
for number in 1 2 3; do
  free_port port
  say "Node $number on port $port"
  build/release/presenced serve --auth-mode insecure --listen "127.0.0.1:$port" --node-id "node$number" \
    --redis-url "redis://127.0.0.1:$redis" --contacts-file conf/sample-contacts.json \
    --trusted-proxies 127.0.0.1 2>"$folder/node$number.log" &
  children+=($!)
  wait_for "node $number" answers "$port"
  servers+="    server node$number 127.0.0.1:$port\n"
done

sed -e "s/bind :80/bind 127.0.0.1:$balancer/" -e '/^    server node[0-9]/d' conf/haproxy.cfg >"$folder/haproxy.cfg"
printf '%b' "$servers" >>"$folder/haproxy.cfg"
haproxy -q -f "$folder/haproxy.cfg" >"$folder/haproxy.log" 2>&1 &
children+=($!)
wait_for HAProxy answers "$balancer"
say "Open http://127.0.0.1:$balancer/ in two tabs: each request goes to another node (Ctrl-C stops all)"
wait
