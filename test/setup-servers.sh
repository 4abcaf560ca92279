#!/usr/bin/env bash
# Installs what the tests run for real: InfluxDB 1.6, Mosquitto with its clients, and Chromium, from Debian's packages.
# Does nothing when all is there. Needs root, or sudo.
set -euo pipefail

wanted() { # package, program
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$2" >/dev/null 2>&1 || missing+=("$1")
}

missing=()
wanted influxdb influxd
wanted mosquitto mosquitto
wanted mosquitto mosquitto_passwd
wanted mosquitto-clients mosquitto_pub
wanted chromium chromium
# `mosquitto` brings two of the programs.
if [ "${#missing[@]}" -gt 0 ]; then
  mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
fi

if [ "${#missing[@]}" -eq 0 ]; then
  echo "setup:servers: influxd, mosquitto, its clients and chromium are installed."
  exit 0
fi

fail() {
  echo "setup:servers: $*" >&2
  exit 1
}

command -v apt-get >/dev/null 2>&1 ||
  fail "missing: ${missing[*]}. There is no apt-get here (this is for Debian and its kin): install InfluxDB 1.x, Mosquitto 2 with its clients and Chromium by hand, so that influxd, mosquitto, mosquitto_passwd, mosquitto_pub and chromium are on the PATH."

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 || fail "missing: ${missing[*]}. Run this as root, or install sudo."
  if [ ! -t 0 ]; then
    sudo -n true 2>/dev/null || fail "missing: ${missing[*]}. Run as root: apt-get install ${missing[*]}"
  fi
  as_root=(sudo)
fi

# The tests start servers of their own: keep the packages from starting theirs, but only where nothing has decided on it.
policy=/usr/sbin/policy-rc.d
placed=no
undo() { [ "$placed" = no ] || "${as_root[@]}" rm -f "$policy"; }
trap undo EXIT
if [ ! -e "$policy" ]; then
  placed=yes
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
fi

echo "setup:servers: installing ${missing[*]} …"
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}
install || {
  "${as_root[@]}" apt-get update
  install
} || fail "apt-get could not install ${missing[*]}; its words are above."
echo "setup:servers: done."
