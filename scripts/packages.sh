# shellcheck shell=bash
# The packages that ./dev needs, and their installation by apt, once.
# Known: Debian 12 and 13, Ubuntu 24.04. Sourced.

# packages_for build|test|browser|lint|fuzz: their names on this system, one a line.
packages_for() {
  local boost=libboost-dev boost_json=libboost-json-dev clang_runtime=libclang-rt-dev
  case $system in
    debian-12)
      boost=libboost1.81-dev boost_json=libboost-json1.81-dev clang_runtime=libclang-rt-14-dev
      ;;
    debian-13) clang_runtime=libclang-rt-19-dev ;;
    ubuntu-24.04) clang_runtime=libclang-rt-18-dev ;;
  esac
  local names=()
  case $1 in
    build)
      names=(g++ cmake ninja-build ccache ca-certificates "$boost" "$boost_json" libsqlitecpp-dev
        libsqlite3-dev libtomlplusplus-dev libcli11-dev libspdlog-dev libfmt-dev libexpected-dev
        libmimalloc-dev libssl-dev libhiredis-dev liburing-dev zlib1g-dev libsimdjson-dev
        nlohmann-json3-dev libgtest-dev libgmock-dev librapidcheck-dev)
      # Whatever provides these two will do: there are packages of Node.js that contain npm.
      command -v node >/dev/null || names+=(nodejs)
      command -v npm >/dev/null || names+=(npm)
      ;;
    # redis-tools holds the whole server, as redis-check-rdb: the same program, which goes by the name
    # it is started under. The package redis-server would start a service on this machine.
    test) names=(python3-socketio python3-requests python3-websocket openssl redis-tools haproxy nginx iproute2) ;;
    browser) has_browser || names=(chromium) ;;
    lint) names=(git clang-tidy clang-format) ;;
    fuzz) names=(clang "$clang_runtime") ;;
  esac
  [ ${#names[@]} = 0 ] || printf '%s\n' "${names[@]}"
}

# Any Chromium will do, and the tests look for it in the same places.
has_browser() {
  [ -n "${PRESENCED_CHROMIUM:-}" ] || [ -x /usr/bin/chromium ] || [ -x /usr/bin/google-chrome ]
}

purpose_of() {
  case $1 in
    build) echo "to build the server and its unit tests" ;;
    test) echo "for the tests" ;;
    browser) echo "to look at the page" ;;
    lint) echo "to check and format the sources" ;;
    fuzz) echo "to build the fuzz targets" ;;
  esac
}

# Of the names on standard input, those that are not installed.
missing_of() {
  local names installed
  mapfile -t names
  # dpkg-query complains about packages that it has never heard of, and fails: they are missing too.
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${names[@]}" 2>/dev/null || true)
  comm -23 <(printf '%s\n' "${names[@]}" | sort -u) <(sed -n 's/^installed //p' <<<"$installed" | sort -u)
}

# need build|test|browser|lint|fuzz...: installs what is missing, saying what and why.
need() {
  command -v dpkg-query >/dev/null || return 0  # no Debian: CMake will name what it misses
  local system purpose missing some
  # shellcheck source=/dev/null
  system=$(. /etc/os-release 2>/dev/null && echo "${ID:-unknown}-${VERSION_ID:-}")
  missing=$(for purpose in "$@"; do packages_for "$purpose"; done | missing_of)
  [ -z "$missing" ] && return 0

  say "Some packages are missing"
  for purpose in "$@"; do
    some=$(packages_for "$purpose" | sort | comm -12 - <(echo "$missing") | tr '\n' ' ')
    [ -n "$some" ] && printf '    %s: %s\n' "$(purpose_of "$purpose")" "$some"
  done
  case $system in
    debian-12 | debian-13 | ubuntu-24.04) ;;
    *) echo "    (the names are those of Debian; this is $system)" ;;
  esac
  mapfile -t some <<<"$missing"
  install_packages "${some[@]}"
}

install_packages() {
  local root=() install=(apt-get install -y --no-install-recommends "$@")
  if [ "$(id -u)" != 0 ]; then
    # sudo may ask for a password, but only a person at a terminal can give one.
    if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
      root=(sudo)
    else
      printf 'dev: installing them needs root. As root run this, then try again:\n    %s\n' \
        "apt-get update && ${install[*]}" >&2
      exit 2
    fi
  fi
  say "Installing them by apt, this once"
  "${root[@]}" apt-get update -qq || echo "    apt-get update failed; trying with the lists at hand"
  start_no_services "${root[@]}"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" ||
    die "apt could not install them; see above"
}

# Some packages (haproxy, nginx) start a service, and would start it at every boot. start_no_services
# [SUDO...] keeps them from it while this script runs, unless the machine has a policy of its own.
start_no_services() {
  local policy=/usr/sbin/policy-rc.d preset=/etc/systemd/system-preset/00-presenced.preset
  [ -e "$policy" ] && return
  # shellcheck disable=SC2064  # the words are meant as they are now
  trap "$* rm -f $policy $preset" EXIT
  printf '#!/bin/sh\nexit 101\n' | "$@" tee "$policy" >/dev/null
  "$@" chmod 755 "$policy"
  [ -d /etc/systemd ] || return 0
  "$@" mkdir -p "${preset%/*}"
  printf 'disable haproxy.service\ndisable nginx.service\n' | "$@" tee "$preset" >/dev/null
}
