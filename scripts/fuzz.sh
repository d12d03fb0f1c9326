#!/usr/bin/env bash
# ./dev fuzz [TARGET] [SECONDS]: one fuzz target, or each of them.
# New inputs are kept in build/fuzz-corpus/TARGET; those worth keeping for good are in
# fuzz/corpus/TARGET. A finding is left in build/fuzz-findings/.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/packages.sh

targets() { find build/fuzz -maxdepth 1 -type f -executable -name 'fuzz_*' -printf '%f\n' | sed 's/^fuzz_//' | sort; }

run_target() {
  local target=$1 seconds=$2 corpus=("build/fuzz-corpus/$1")
  [ -x "build/fuzz/fuzz_$target" ] ||
    die "there is no fuzz target '$target'; targets: $(targets | tr '\n' ' ')"
  [ -d "fuzz/corpus/$target" ] && corpus+=("fuzz/corpus/$target")
  mkdir -p "${corpus[0]}" build/fuzz-findings
  say "Fuzzing: $target, $seconds s"
  "build/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -verbosity=0 \
    -artifact_prefix="build/fuzz-findings/$target-" "${corpus[@]}"
}

case ${1:-} in
  --list) targets ;;
  --run) run_target "$2" "$3" ;;  # what is built already
  *)
    chosen='' seconds=60
    for argument in "$@"; do
      if [[ $argument =~ ^[0-9]+$ ]]; then seconds=$argument; else chosen=$argument; fi
    done
    need build fuzz
    build fuzz fuzz_targets
    for target in ${chosen:-$(targets)}; do run_target "$target" "$seconds"; done
    ;;
esac
