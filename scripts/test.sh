#!/usr/bin/env bash
# ./dev test [PART...]: builds what the parts need, runs them, and sums up. Quick parts come first, so
# that a mistake shows early; a failed step does not keep the others from running.
#
# The last line is `N passed, N failed`: test cases of all suites, a failed build being one failure.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/packages.sh

fuzz_seconds=6     # for each target
chaos_seconds=30
e2e_seconds=900    # for the whole suite; it takes a few minutes
sdk_seconds=600
browser_seconds=180
logs=build/test-logs
summary=()
total_passed=0
total_failed=0
launcher=()  # what a test program is started by

# step NAME FUNCTION [ARG...]: the function leaves the numbers of its cases in `passed` and `failed`.
step() {
  local name=$1 started=$SECONDS status=0 mark
  shift
  passed=0 failed=0
  say "$name"
  "$@" || status=$?
  [ "$status" != 0 ] && [ "$failed" = 0 ] && failed=1
  mark="${green}ok  $plain"
  [ "$failed" != 0 ] && mark="${red}FAIL$plain"
  summary+=("$(printf '%s %5d s  %5d passed %4d failed  %s' "$mark" $((SECONDS - started)) "$passed" "$failed" "$name")")
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  return "$status"
}

# logged LOG COMMAND...: shows the output and keeps it.
logged() {
  local log=$logs/$1
  shift
  "$@" 2>&1 | tee "$log"
  return "${PIPESTATUS[0]}"
}

builds() { (build "$@"); }  # in a subshell: a failure to configure ends the step, not the run

# Counts the cases of the last ctest run: those in a GoogleTest report where there is one, otherwise
# the test itself.
count_ctest() {
  local reports=$1 name status report cases bad
  while read -r name status; do
    report=$reports/$name.xml
    cases=1 bad=0
    if [ -f "$report" ]; then
      read -r cases bad < <(sed -nE '/<testsuites /{s/.* tests="([0-9]+)" failures="([0-9]+)" disabled="([0-9]+)" errors="([0-9]+)".*/\1 \2 \3 \4/p;q}' "$report" |
        awk '{print $1 - $3, $2 + $4}')
    fi
    [ "$status" != run ] && [ "$bad" = 0 ] && bad=1
    passed=$((passed + cases - bad))
    failed=$((failed + bad))
  done < <(sed -nE 's/.*<testcase name="([^"]+)".* status="([a-z]+)".*/\1 \2/p' "$reports/ctest.xml")
}

# ctests PRESET [CTEST_OPTION...]
ctests() {
  local preset=$1 reports=build/$1/reports status=0
  shift
  rm -rf "$reports"
  mkdir -p "$reports"
  "${launcher[@]}" ctest --test-dir "build/$preset" --output-on-failure --parallel "$(nproc)" --timeout 600 \
    --output-junit "$PWD/$reports/ctest.xml" "$@" || status=$?
  count_ctest "$reports"
  return "$status"
}

# Reads the sums that Node's test runner prints, in either of its formats.
count_node() {
  sum_of() {
    sed -E 's/\x1b\[[0-9;]*m//g' "$logs/$1" | sed -nE "s/^(#|ℹ) $2 ([0-9]+)\$/\\2/p" | tail -n 1
  }
  passed=$(($(sum_of "$1" pass) + 0))
  failed=$(($(sum_of "$1" fail) + $(sum_of "$1" cancelled) + 0))
}

# vitest DIRECTORY SECONDS: the tests of a folder of TypeScript.
vitest() {
  local dir=$1 seconds=$2 status=0 report=$PWD/$logs/$1.json
  rm -f "$report"
  PRESENCED_BIN=$PWD/build/release/presenced logged "$dir.log" timeout --foreground "$seconds" \
    npm --prefix "$dir" test --silent -- --reporter=default --reporter=json --outputFile.json="$report" || status=$?
  if [ -f "$report" ]; then
    read -r passed failed < <(node -p \
      'const sums = JSON.parse(fs.readFileSync(process.argv[1])); sums.numPassedTests + " " + sums.numFailedTests' "$report")
  fi
  return "$status"
}

page_types() { npm --prefix web run typecheck --silent && passed=1; }

# e2e PRESET [FILE...|over-redis]: the real binary, driven by real clients.
e2e() {
  local preset=$1 status=0 suite=(npm test --silent) log
  shift
  log=e2e-$preset${1:+-$(basename "$1" .test.js)}.log
  [ $# != 0 ] && suite=(node --test "$@")
  [ "${1:-}" = over-redis ] && suite=(npm run test:redis --silent)
  fetch_npm tests/e2e "the clients of the end-to-end tests"
  PRESENCED_BIN=$PWD/build/$preset/presenced \
    logged "$log" "${launcher[@]}" timeout --foreground "$e2e_seconds" \
    env -C tests/e2e "${suite[@]}" || status=$?
  count_node "$log"
  return "$status"
}

# The page at `/`, in a real browser.
browser() {
  local status=0
  PRESENCED_BIN=$PWD/build/release/presenced logged browser.log timeout --foreground "$browser_seconds" \
    npm --prefix tests/browser test --silent || status=$?
  count_node browser.log
  return "$status"
}

# The packages for applications, tested against the real binary.
sdk_build() { npm --prefix sdk run build --silent && passed=1; }
sdk_types() { npm --prefix sdk run typecheck --silent && passed=1; }
sdk_size() { npm --prefix sdk run size --silent && passed=1; }

# What is thrown at it is another each time; the seed is in the name of the test.
chaos() {
  E2E_CHAOS_SECONDS=$chaos_seconds e2e "$1" chaos/chaos.test.js
}

# quick_bench LOG [OPTION...]
quick_bench() {
  local log=$1
  shift
  logged "$log" scripts/bench.sh --quick "$@" || return
  passed=1
}

fuzz() {
  local target status=0
  for target in $(scripts/fuzz.sh --list); do
    if logged "fuzz-$target.log" scripts/fuzz.sh --run "$target" "$fuzz_seconds"; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1)) status=1
    fi
  done
  return "$status"
}

# ---- the parts

# built PRESET [TARGET...]: a step of its own the first time, and no more after it.
declare -A build_state
built() {
  if [ -z "${build_state[$1]:-}" ]; then
    build_state[$1]=failed
    step "build $1" builds "$@" && build_state[$1]=ready
  fi
  [ "${build_state[$1]}" = ready ]
}

part_checks() {
  fetch_npm web "what the page and the browser client are built from"
  step "the page: types" page_types
  step "the page: tests" vitest web 60
}

part_unit() {
  built release && step "unit, property and protocol tests" ctests release
}

part_e2e() {
  built release || return
  step "end to end" e2e release
  step "end to end over Redis" e2e release over-redis
  step "chaos for $chaos_seconds s" chaos release
}

part_sdk() {
  built release presenced || return
  fetch_npm sdk "what builds and tests the packages for applications"
  step "sdk: build" sdk_build || return
  step "sdk: types" sdk_types
  step "sdk: size" sdk_size
  step "sdk: tests" vitest sdk "$sdk_seconds"
}

part_browser() {
  if grep -qs '^ID=ubuntu' /etc/os-release && [ ${#parts[@]} -gt 1 ] && ! has_browser; then
    say "Left out: browser. Ubuntu has no package of Chromium; install Chrome, or set PRESENCED_CHROMIUM"
    return
  fi
  need browser
  built release presenced || return
  fetch_npm tests/browser "what drives the browser"
  step "the page in a browser" browser
}

part_bench() {
  built release || return
  step "bench: every notification accounted for" quick_bench bench.log
  step "bench of several nodes: every notification accounted for" quick_bench bench-cluster.log --cluster
}

part_asan() {
  built dev unit_tests presenced || return
  step "unit, property and protocol tests (ASan, UBSan)" ctests dev
  with_slack step "end to end (ASan, UBSan)" e2e dev
}

part_tsan() {
  built tsan threaded_tests presenced || return
  # Without address randomization: with much of it, TSan finds its place in memory taken.
  setarch "$(uname -m)" -R true 2>/dev/null && launcher=(setarch "$(uname -m)" -R)
  step "threaded tests (TSan)" ctests tsan --label-regex threads
  with_slack step "end to end over several threads (TSan)" e2e tsan test/threads.test.js
  launcher=()
}

part_fuzz() {
  built fuzz fuzz_targets && step "fuzz targets, $fuzz_seconds s each" fuzz
}

# Sanitized code is several times slower and larger; deadlines and bounds are given room. What was
# freed is held back in a quarantine, which would hide how much memory the server needs.
with_slack() {
  E2E_DEADLINE_MS=30000 E2E_SLACK_MS=2000 E2E_GROWTH_MIB=96 ASAN_OPTIONS=quarantine_size_mb=16 "$@"
}

finish() {
  printf '\n'
  say "Summary, after $((SECONDS / 60)) min $((SECONDS % 60)) s"
  printf '%s\n' "${summary[@]}"
  printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
  [ "$total_failed" = 0 ]
}

all_parts=(checks unit e2e sdk browser bench asan tsan fuzz)
parts=("$@")
[ $# = 0 ] && parts=("${all_parts[@]}")
for part in "${parts[@]}"; do
  [[ " ${all_parts[*]} " == *" $part "* ]] || die "there is no part '$part'; parts: ${all_parts[*]}"
done

need build test
[[ " ${parts[*]} " == *" fuzz "* ]] && need fuzz
mkdir -p "$logs"
for part in "${parts[@]}"; do "part_$part" || true; done
finish
