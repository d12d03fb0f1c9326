#!/usr/bin/env bash
# Every include of one module from another must be allowed by that module's DEPENDS in its
# CMakeLists.txt, and what decides (the domain, the codecs) may touch no clock, socket or thread.
set -euo pipefail
root=${1:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$root/src"
failed=0
complain() { echo "layers: $*" >&2; failed=1; }

# Prints "module: allowed modules", one line for each.
allowed_modules() {
  local dir
  for dir in */; do
    [ -f "$dir/CMakeLists.txt" ] || continue
    printf '%s: ' "${dir%/}"
    tr '\n' ' ' <"$dir/CMakeLists.txt" |
      sed -nE 's/.*presenced_module\([^)]*DEPENDS ([a-z_ ]*).*/\1/p'
    echo
  done
}

for dir in */; do
  [ -f "$dir/CMakeLists.txt" ] || complain "src/$dir has no CMakeLists.txt"
done

while read -r complaint; do complain "$complaint"; done < <(
  # shellcheck disable=SC2035
  awk '
    FILENAME == "-" {
      if (!/:/) next
      module = substr($1, 1, length($1) - 1); known[module]
      for (i = 2; i <= NF; ++i) { allows[module, $i]; list[module] = list[module] " " $i }
      next
    }
    match($0, /^#include "[a-z_]+\//) {
      target = substr($0, RSTART + 10, RLENGTH - 11)
      module = FILENAME; sub(/\/.*/, "", module)
      if (target == module || !(target in known) || (module, target) in allows) next
      printf "src/%s:%d includes %s/, but src/%s may use only:%s\n", FILENAME, FNR, target, module,
             (list[module] == "" ? " nothing of ours" : list[module])
    }' - */*.h */*.cc < <(allowed_modules)
)

# modules @ banned expression @ what to use instead
while IFS=@ read -r where what instead; do
  what=${what# } what=${what% }
  files=()
  for module in $where; do files+=("$module"/*.h "$module"/*.cc); done
  while IFS=: read -r file line text; do
    complain "src/$file:$line: $text:$instead"
  done < <(grep -nHEs "$what" "${files[@]}" |
    grep -vE '^[^:]*(_test\.cc|/test_[a-z_]+\.h):|^[^:]*:[0-9]+: *//' || true)
done <<'RULES'
base presence net page engineio socketio wire redis adapter cluster @ (steady_clock|system_clock)::now @ time is handed in as base::Instant
base presence net page engineio socketio wire adapter gateway @ \b(std::thread|std::mutex|std::async)\b @ only runtime/ and the adapters know threads
base presence net page engineio socketio wire adapter gateway @ <(sys/socket|sys/epoll|netinet/in|unistd)\.h> @ no I/O here; it belongs to runtime/
base presence net page engineio socketio wire adapter gateway @ boost/asio @ the network library is known to runtime/ and the adapters only
presence @ boost/json @ the domain knows no JSON; encoding lives in wire/
base presence net page engineio socketio wire runtime adapter cluster gateway store contacts auth config admin app @ <hiredis/ @ Redis is spoken to through redis/
base presence net page engineio socketio wire redis adapter cluster @ \b(rand|srand|random_device|getrandom)\b @ randomness is handed in as base::RandomSource
base presence net page engineio socketio wire runtime redis adapter cluster gateway store contacts auth config admin @ std::this_thread::sleep @ wait for a condition, not for time
RULES
[ "$failed" = 0 ] && echo "layers: ok"
exit "$failed"
