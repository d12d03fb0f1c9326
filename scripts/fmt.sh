#!/usr/bin/env bash
# ./dev fmt [--check]: formats the C++ sources, or names those that are not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/common.sh
. scripts/packages.sh

sources() { git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h'; }

need lint
# Versions of clang-format differ in details; that of Debian 12 decides.
case ${1:-} in
  '') sources | xargs -0 -r -n 16 -P "$(nproc)" clang-format -i ;;
  --check)
    bad=$(sources | xargs -0 -r -n 16 -P "$(nproc)" clang-format --dry-run 2>&1 |
      sed -nE 's/^([^: ]+\.(cc|h)):[0-9]+:.*/\1/p' | sort -u)
    [ -z "$bad" ] && exit
    printf '%s\n' "$bad"
    die "these files are not formatted as .clang-format says; ./dev fmt formats them"
    ;;
  *) die "fmt takes --check or nothing" ;;
esac
