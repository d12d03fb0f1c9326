#!/usr/bin/env bash
# Every include of one module from another must be allowed by that module's DEPENDS in its
# CMakeLists.txt, and what decides (the domain, the codecs) may touch no clock, socket or thread.
set -euo pipefail
root=${1:-$(cd "$(dirname "$0")/.." && pwd)}
cd "$root/src"
failed=0
complain() { echo "layers: $*" >&2; failed=1; }

for dir in */; do
  module=${dir%/}
  [ -f "$module/CMakeLists.txt" ] || { complain "src/$module has no CMakeLists.txt"; continue; }
  allowed=$(tr '\n' ' ' <"$module/CMakeLists.txt" |
    sed -nE 's/.*presenced_module\([^)]*DEPENDS ([a-z_ ]*).*/\1/p')
  while IFS=: read -r file line text; do
    target=$(sed -E 's/.*"([a-z_]+)\/.*/\1/' <<<"$text")
    [ "$target" = "$module" ] && continue
    [ -d "$target" ] || continue
    case " $allowed " in
      *" $target "*) ;;
      *) complain "src/$file:$line includes $target/, but src/$module may use only: ${allowed:-nothing of ours}" ;;
    esac
  done < <(grep -nHE '^#include "[a-z_]+/' "$module"/*.h "$module"/*.cc 2>/dev/null || true)
done

# file pattern | banned expression | what to use instead
while IFS='|' read -r where what instead; do
  for module in $where; do
    while IFS=: read -r file line text; do
      complain "src/$file:$line: $text: $instead"
    done < <(grep -nHE "$what" "$module"/*.h "$module"/*.cc 2>/dev/null | grep -vE '^[^:]*_test\.cc:|^[^:]*:[0-9]+: *//' || true)
  done
done <<'RULES'
base presence net engineio socketio wire|(steady_clock|system_clock)::now|time is handed in as base::Instant
base presence net engineio socketio wire gateway|\b(std::thread|std::mutex|std::async)\b|only runtime/ and the adapters know threads
base presence net engineio socketio wire gateway|<(sys/socket|sys/epoll|netinet/in|unistd)\.h>|no I/O here; it belongs to runtime/
base presence net engineio socketio wire gateway|boost/asio|the network library is known to runtime/ and the adapters only
presence|boost/json|the domain knows no JSON; encoding lives in wire/
base presence net engineio socketio wire|\b(rand|srand|random_device|getrandom)\b|randomness is handed in as base::RandomSource
base presence net engineio socketio wire runtime gateway store contacts auth config admin|std::this_thread::sleep|wait for a condition, not for time
RULES
[ "$failed" = 0 ] && echo "layers: ok"
exit "$failed"
