# shellcheck shell=bash
# For ./dev and the scripts behind it: how a step is announced, and how a preset is built.
# Sourced with the repository's root as working directory.

bold='' red='' green='' plain=''
# shellcheck disable=SC2034
if [ -t 1 ]; then bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'; fi

say() { printf '%s==> %s%s\n' "$bold" "$*" "$plain"; }
die() { printf 'dev: %s\n' "$*" >&2; exit 2; }

# As many compilers at once as there are processors, but no more than memory allows: a file that
# includes Boost.Beast takes about 750 MB.
jobs_for_memory() {
  local available limit used cores jobs
  available=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo)
  # In a container the limit may be lower than what the machine has.
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || true)
  used=$(cat /sys/fs/cgroup/memory.current 2>/dev/null || true)
  if [[ $limit =~ ^[0-9]+$ && $used =~ ^[0-9]+$ ]]; then
    limit=$(((limit - used) / 1048576))
    [ "$limit" -lt "$available" ] && available=$limit
  fi
  cores=$(nproc)
  jobs=$((available / 750))
  [ "$jobs" -gt "$cores" ] && jobs=$cores
  [ "$jobs" -lt 1 ] && jobs=1
  echo "$jobs"
}

# fetch_npm DIRECTORY WHAT: what its lock file names, unless that is there already.
fetch_npm() {
  local dir=$1 what=$2
  cmp -s "$dir/package-lock.json" "$dir/node_modules/.fetched-lock.json" && return
  say "Fetching $what (npm ci in $dir)"
  (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error) ||
    die "npm could not fetch $what; see above"
  cp "$dir/package-lock.json" "$dir/node_modules/.fetched-lock.json"
}

# configure PRESET: only when something that decides it is newer than the last time.
configure() {
  local preset=$1 dir=build/$1 options=()
  if [ -f "$dir/build.ninja" ] && [ "$dir/build.ninja" -nt CMakePresets.json ]; then return; fi
  say "Configuring $dir"
  command -v ccache >/dev/null && options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  mkdir -p "$dir"
  cmake --preset "$preset" "${options[@]}" >"$dir/configure.log" 2>&1 || {
    cat "$dir/configure.log"
    rm -f "$dir/build.ninja"
    die "configuring $dir failed"
  }
}

# build PRESET [TARGET...]: everything when no target is named.
build() {
  local preset=$1
  shift
  fetch_npm web "what the page and the browser client are built from"
  configure "$preset"
  say "Building build/$preset${*:+: $*}"
  NINJA_STATUS='[%f/%t %es] ' CCACHE_BASEDIR=$PWD \
    cmake --build "build/$preset" --parallel "$(jobs_for_memory)" ${1:+--target "$@"}
}
