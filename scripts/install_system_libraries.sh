#!/bin/sh
# System libraries that the viewer and the tests need on Debian or Ubuntu, beside Python.
# Does nothing where all are present. Exit 1 where they cannot be installed: `make test` then skips what
# needs them and says why.
set -eu

# A screen without a monitor, and what Qt's xcb platform and OpenGL (llvmpipe) load at run time. Without
# libxcb-icccm4 and libxcb-keysyms1 Qt stops with a misleading word about libxcb-cursor0.
screen="xvfb xauth libgl1 libegl1 libfontconfig1 libglib2.0-0 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3
  libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0
  libxcb-xinerama0 fonts-dejavu-core"
# PDF reports (WeasyPrint), with Hangul.
reports="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-nanum"
# The real PACS of the tests, in a network namespace of its own; process listings.
pacs="orthanc orthanc-dicomweb dcmtk iproute2 procps"

missing=""
for package in $screen $reports $pacs; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || { echo "no apt-get here; install by hand:$missing"; exit 1; }
if [ "$(id -u)" = 0 ]; then run=""; elif command -v sudo >/dev/null; then run="sudo -n"; else
  echo "neither root nor sudo; install by hand:$missing"; exit 1
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
