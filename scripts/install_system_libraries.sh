#!/bin/sh
# Debian packages that the viewer, its tests and the reports need beside Python.
# Usage: sudo scripts/install_system_libraries.sh
set -eu

# A screen without a monitor, and what Qt's xcb platform and OpenGL (llvmpipe) load at run time. Without
# libxcb-icccm4 and libxcb-keysyms1 Qt stops with a misleading word about libxcb-cursor0.
SCREEN="xvfb xauth libgl1 libegl1 libfontconfig1 libglib2.0-0 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3
 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0
 libxcb-xinerama0 fonts-dejavu-core"
# PDF reports (weasyprint), and a browser that shows the HTML report to the tests.
REPORTS="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk chromium"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 - the lists are meant to be split
apt-get install -y -qq --no-install-recommends $SCREEN $REPORTS
