#!/usr/bin/env bash
# Measures build/release/presenced and prints the table of docs/benchmarks.md. Builds nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'USAGE'
usage: ./dev bench [--compare FIGURES] [--update-docs] [options of bench_load ...]

  --compare FIGURES   also print this run beside an earlier one (its build/release/bench.figures)
  --update-docs       also put the table into docs/benchmarks.md
  --quick             1,000 users for some seconds: only the accounting is judged

All options of the load generator: build/release/bench_load --help
USAGE
}

build=build/release
compare=
update_docs=false
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --compare) compare=${2:?--compare needs a file}; shift ;;
    --update-docs) update_docs=true ;;
    -h | --help) usage; exit 0 ;;
    *) options+=("$1") ;;
  esac
  shift
done
for program in presenced bench_load; do
  [ -x "$build/$program" ] || { echo "bench: $build/$program is missing; run ./dev build first" >&2; exit 2; }
done
if [ -n "$compare" ] && [ ! -r "$compare" ]; then
  echo "bench: $compare cannot be read" >&2; exit 2
fi

facts() {
  local compiler
  compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
  echo "processor  $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1), $(nproc) cores"
  echo "memory     $(awk '/^MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo)"
  echo "kernel     $(uname -sr)"
  echo "compiler   $("$compiler" --version | head -1)"
  echo "load       $(cut -d' ' -f1-3 /proc/loadavg) before the run"
  echo "date       $(date -u +%Y-%m-%d)"
}

# Two figure files side by side, in the order of the second.
side_by_side() {
  awk -F'\t' '
    NR == FNR { before[$1] = $2; next }
    !($1 in before) { printf "%-64s %12s %12.2f %s\n", $1, "-", $2, $3; next }
    { change = before[$1] != 0 ? sprintf("%+.0f %%", 100 * ($2 / before[$1] - 1)) : ""
      printf "%-64s %12.2f %12.2f %-5s %8s\n", $1, before[$1], $2, $3, change }' "$1" "$2"
}

# Replaces what stands between the two marker comments.
put_into_docs() {
  awk -v facts="$1" -v table="$2" '
    /^<!-- last run -->/ {
      print; print ""; print "```"
      while ((getline line < facts) > 0) print line
      print "```"; print ""
      while ((getline line < table) > 0) print line
      print ""; skipping = 1; next
    }
    /^<!-- end of last run -->/ { skipping = 0 }
    !skipping' docs/benchmarks.md >"$build/benchmarks.md"
  cp "$build/benchmarks.md" docs/benchmarks.md
}

earlier=$(mktemp)
trap 'rm -f "$earlier"' EXIT
[ -z "$compare" ] || cp "$compare" "$earlier"

facts | tee "$build/bench.facts"
echo
status=0
"$build/bench_load" --server "$build/presenced" --markdown "$build/bench.md" \
  --save "$build/bench.figures" ${options[@]+"${options[@]}"} || status=$?
if [ "$status" -le 1 ]; then
  if [ -n "$compare" ]; then
    printf '\n%-64s %12s %12s\n' "" before now
    side_by_side "$earlier" "$build/bench.figures"
  fi
  if $update_docs; then put_into_docs "$build/bench.facts" "$build/bench.md"; fi
fi
exit "$status"
