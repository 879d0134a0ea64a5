#!/bin/sh
# The steps that both images share, run inside their build stage: the environment /opt/dnabert-enhancer, filled from the lock.
#   install.sh tools                    what the other steps are done with, outside the image's environment
#   install.sh dependencies [EXTRA]     what the library (and the optional part EXTRA of it) needs, at the lock's versions
#   install.sh plan [EXTRA]             the same, only resolved: pip's report of what it would install, on standard output
#   install.sh slim                     takes out what no program reads at run time (the CPU image; needs binutils)
#   install.sh library VERSION          the library itself and the commands of bin/; VERSION must be the library's own
#   install.sh sbom VERSION FOLDER      the list of what is inside: Python's packages and Debian's (FOLDER: the runtime's dpkg status)
# Wheels only: nothing is compiled here, so no stage holds a compiler.
set -eu

PREFIX=/opt/dnabert-enhancer
# build tools, not part of an image
PIP=pip==26.3
BUILD_BACKEND=hatchling==1.33.0
SBOM_TOOL=cyclonedx-bom==7.5.0

tools() {
    python3 -m venv /tmp/tools
    /tmp/tools/bin/pip install --quiet --no-cache-dir "$PIP"
    /tmp/tools/bin/pip install --quiet --no-cache-dir "$BUILD_BACKEND" "$SBOM_TOOL"
}

into_image() { /tmp/tools/bin/pip --python "$PREFIX/bin/python3" install --no-cache-dir --root-user-action ignore --only-binary :all: "$@"; }

wanted() { # what pyproject.toml asks for
    python3 - "$@" <<'PYTHON'
import sys, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
for part in [project["dependencies"], *(project["optional-dependencies"][name] for name in sys.argv[1:])]:
    print("\n".join(part))
PYTHON
}

dependencies() {
    python3 -m venv --without-pip "$PREFIX"
    wanted "$@" >/tmp/wanted.txt
    into_image --constraint requirements/lock.txt --requirement /tmp/wanted.txt
}

plan() {
    python3 -m venv --without-pip /tmp/empty
    wanted "$@" >/tmp/wanted.txt
    # without the hashes, which only whole files can be held against
    sed '/--hash=/d; s/ *\\$//' requirements/lock.txt >/tmp/lock-names.txt
    /tmp/tools/bin/pip --python /tmp/empty/bin/python3 install --quiet --dry-run --report - --only-binary :all: \
        --constraint /tmp/lock-names.txt --requirement /tmp/wanted.txt
}

slim() { python3 containers/slim.py "$PREFIX"/lib/python3*/site-packages; }

library() {
    /tmp/tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /tmp/wheel .
    [ -e "/tmp/wheel/dnabert_enhancer-$1-py3-none-any.whl" ] || { echo "VERSION=$1, but the library is $(ls /tmp/wheel)" >&2; exit 2; }
    into_image --no-deps --no-index --find-links /tmp/wheel "dnabert-enhancer==$1"
    /tmp/tools/bin/pip --python "$PREFIX/bin/python3" check
    install -m 755 bin/* "$PREFIX/bin"
}

sbom() {
    mkdir -p "$PREFIX/share"
    /tmp/tools/bin/cyclonedx-py environment --output-reproducible --spec-version 1.6 --output-file /tmp/python.cdx.json "$PREFIX/bin/python3"
    dpkg-query --admindir "$2" --show --showformat '${Package}\t${Version}\t${Architecture}\t${db:Status-Status}\n' |
        /tmp/tools/bin/python3 containers/sbom.py "$1" /tmp/python.cdx.json >"$PREFIX/share/sbom.cdx.json"
}

"$@"
