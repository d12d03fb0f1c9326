#!/usr/bin/env bash
# Measures build/release/presenced and prints the tables of docs/benchmarks.md. Builds nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'USAGE'
usage: ./dev bench [--cluster] [--compare FIGURES] [--update-docs] [options of the generator ...]

  --cluster           several nodes on one Redis, instead of one server
  --compare FIGURES   also print this run beside an earlier one (its build/release/bench.figures, or
                      cluster.figures)
  --update-docs       also put the table into docs/benchmarks.md
  --quick             1,000 users for some seconds: only the accounting is judged

All options of the load generators: build/release/bench_load --help, bench_cluster --help
USAGE
}

build=build/release
compare=
update_docs=false
program=bench_load
name=bench          # of the files that a run leaves in build/release
marker='last run'   # around its table in docs/benchmarks.md
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --cluster) program=bench_cluster name=cluster marker='last cluster run' ;;
    --compare) compare=${2:?--compare needs a file}; shift ;;
    --update-docs) update_docs=true ;;
    -h | --help) usage; exit 0 ;;
    *) options+=("$1") ;;
  esac
  shift
done
for needed in presenced "$program"; do
  [ -x "$build/$needed" ] || { echo "bench: $build/$needed is missing; run ./dev build first" >&2; exit 2; }
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
  awk -v facts="$1" -v table="$2" -v marker="$marker" '
    $0 == "<!-- " marker " -->" {
      print; print ""; print "```"
      while ((getline line < facts) > 0) print line
      print "```"; print ""
      while ((getline line < table) > 0) print line
      print ""; skipping = 1; next
    }
    $0 == "<!-- end of " marker " -->" { skipping = 0 }
    !skipping' docs/benchmarks.md >"$build/benchmarks.md"
  cp "$build/benchmarks.md" docs/benchmarks.md
}

earlier=$(mktemp)
trap 'rm -f "$earlier"' EXIT
[ -z "$compare" ] || cp "$compare" "$earlier"

facts | tee "$build/$name.facts"
echo
status=0
"$build/$program" --server "$build/presenced" --markdown "$build/$name.md" \
  --save "$build/$name.figures" ${options[@]+"${options[@]}"} || status=$?
if [ "$status" -le 1 ]; then
  if [ -n "$compare" ]; then
    printf '\n%-64s %12s %12s\n' "" before now
    side_by_side "$earlier" "$build/$name.figures"
  fi
  if $update_docs; then put_into_docs "$build/$name.facts" "$build/$name.md"; fi
fi
exit "$status"
