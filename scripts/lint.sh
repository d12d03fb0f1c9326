#!/usr/bin/env bash
# ./dev lint [FILE...]: layers, shell and JavaScript syntax, and the checks of .clang-tidy over our C++
# sources (or those named).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/packages.sh

quick_checks() {
  local file
  say "Layers, shell scripts, JavaScript"
  scripts/check_layers.sh
  while read -r file; do bash -n "$file"; done < <(shell_scripts)
  if command -v shellcheck >/dev/null; then shell_scripts | xargs shellcheck -x; fi
  git ls-files -z --cached --others --exclude-standard -- '*.js' '*.mjs' | xargs -0 -r -n 1 node --check
}

shell_scripts() {
  git ls-files --cached --others --exclude-standard -- dev '*.sh' .ci/run
}

tidy() {
  local files=("$@")
  configure release
  # Generated sources must be there for clang to read what includes them.
  build release page >/dev/null
  if [ $# = 0 ]; then
    mapfile -t files < <(git ls-files --cached --others --exclude-standard -- 'src/*.cc' 'examples/*.cc' 'bench/*.cc' |
      grep -v '_test\.cc$')
  fi
  say "clang-tidy over ${#files[@]} files"
  printf '%s\0' "${files[@]}" |
    xargs -0 -n 1 -P "$(jobs_for_memory)" clang-tidy -p build/release --quiet 2> >(grep -vE 'warnings? (generated|treated)' >&2)
}

case ${1:-} in
  --quick)
    need build
    quick_checks
    ;;
  *)
    need build lint
    quick_checks
    tidy "$@"
    ;;
esac
