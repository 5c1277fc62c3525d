#!/bin/sh
# System libraries that tests and the viewer need on Debian or Ubuntu: a screen (Xvfb), Qt's and OpenGL's
# libraries, Pango for PDF, a Hangul font, Orthanc as the real PACS. Does nothing where all are present.
# Exit 1 where they cannot be installed; `make test` then skips what needs them and says why.
set -eu

packages="xvfb xauth libfontconfig1 libgl1 libegl1 libglib2.0-0 libxkbcommon0 libdbus-1-3 libxcb-cursor0
  libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0
  libpango-1.0-0 libpangoft2-1.0-0 fonts-nanum procps iproute2
  orthanc orthanc-dicomweb"

missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || { echo "no apt-get: install by hand:$missing"; exit 1; }
if [ "$(id -u)" = 0 ]; then run=""; elif command -v sudo >/dev/null; then run="sudo -n"; else
  echo "not root and no sudo: install by hand:$missing"; exit 1
fi

# Debian's Orthanc would start itself on every address of the machine: it must not.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $run tee "$policy" >/dev/null
  $run chmod +x "$policy"
  trap '$run rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq
# shellcheck disable=SC2086  # the list is words on purpose
$run apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo "installed:$missing"
