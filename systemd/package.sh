#!/usr/bin/env bash
# Builds the gate as Debian packages; as root, with mmdebstrap and a network.
#
#   ./run package [--release bookworm|trixie]... [--arch amd64|arm64] [--out FOLDER] [--check]
#
# For each release (both, unless named): a Debian of that release with a compiler, the wheels of requirements.lock (every
# file checked against its hash), a virtual environment of that release's Python at the very path where it will lie,
# packed. Debian and wheels are kept in /var/cache/gate-package under a name made of what they were made from.
# --check installs, upgrades, removes and purges each package in a clean Debian: systemd/package-check.sh.
set -euo pipefail

ROOT=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." >/dev/null && pwd)
readonly ROOT
# shellcheck source-path=SCRIPTDIR source=chroots.sh
. "$ROOT/systemd/chroots.sh"

readonly BUILDS=python3,python3-venv,python3-dev,gcc,libc6-dev,linux-libc-dev,libpcsclite-dev,swig
RELEASES=() ARCHITECTURE=$(dpkg --print-architecture) OUT=$ROOT/dist CHECK=

parse() {
    while (($#)); do
        case $1 in
            --release) RELEASES+=("$2") && shift 2 ;;
            --arch) ARCHITECTURE=$2 && shift 2 ;;
            --out) OUT=$2 && shift 2 ;;
            --check) CHECK=yes && shift ;;
            *) die "$(sed -n '4s/^# *//p' "${BASH_SOURCE[0]}")" ;;
        esac
    done
    ((${#RELEASES[@]})) || RELEASES=(bookworm trixie)
}

# Of the commit that is checked out; what is not committed says so.
version() {
    local base count commit
    base=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$ROOT/gate/__init__.py")
    count=$(git -C "$ROOT" rev-list --count HEAD) commit=$(git -C "$ROOT" rev-parse --short=7 HEAD)
    [[ -z $(git -C "$ROOT" status --porcelain) ]] || commit+=.changed
    echo "$base+git$count.g$commit+deb$(debian_number "$1")"
}

# builder RELEASE: the folder of a Debian that can build
builder() {
    local folder
    folder=$CACHE/builder-$1-$ARCHITECTURE-$(digest <<<"$BUILDS ${MIRROR:-}")
    [[ -d $folder ]] || { say "$1: making a Debian to build in (about 100 s)" && debian "$1" "$ARCHITECTURE" "$BUILDS" "$folder"; }
    echo "$folder"
}

# wheels RELEASE BUILDER: fills BUILDER/wheels with everything that requirements.lock names
wheels() {
    local release=$1 builder=$2 kept
    kept=$CACHE/wheels-$release-$ARCHITECTURE-$({ basename "$builder" && cat "$ROOT/requirements.lock"; } | digest)
    rm -rf -- "$builder/wheels" "$builder/tools"
    if [[ ! -d $kept ]]; then
        say "$release: building the wheels"
        cp "$ROOT/requirements.lock" "$builder/requirements.lock"
        sed -n '/^setuptools==/,/[^\\]$/p' "$ROOT/requirements.lock" >"$builder/setuptools.lock"
        inside "$builder" python3 -m venv /tools
        inside "$builder" /tools/bin/pip install --quiet --require-hashes -r /setuptools.lock
        inside "$builder" /tools/bin/pip wheel --quiet --no-build-isolation --require-hashes --wheel-dir /wheels \
            -r /requirements.lock
        rm -rf -- "$kept.part" && cp -r "$builder/wheels" "$kept.part" && mv -T "$kept.part" "$kept"
    fi
    rm -rf -- "$builder/wheels" && cp -r "$kept" "$builder/wheels"
}

# environment BUILDER VERSION: the version's folder, complete, in BUILDER/opt/gate/versions
environment() {
    local builder=$1 home=/opt/gate/versions/$2 python
    rm -rf -- "$builder/opt/gate" "$builder/source"
    mkdir -p "$builder/source"
    git -C "$ROOT" ls-files -z --cached --others --exclude-standard | (cd -- "$ROOT" && tar --create --null --files-from=-) |
        tar --extract --directory "$builder/source"
    rm -rf -- "$builder/source/fleet" # the server is no part of a gate
    inside "$builder" python3 -m venv "$home"
    inside "$builder" sh -c "$home/bin/pip install --quiet --no-index --no-deps --no-compile /wheels/*.whl"
    inside "$builder" "$home/bin/pip" install --quiet --no-index --no-deps --no-compile --no-build-isolation /source
    inside "$builder" "$home/bin/pip" uninstall --quiet --yes setuptools pip
    rm -f "$builder$home"/bin/[Aa]ctivate* "$builder$home"/bin/pip*
    python=$(basename -- "$(echo "$builder$home"/lib/python3.*)")
    # Of the system's Python packages only Debian's, after the gate's own, and without running their .pth files:
    # picamera2, libcamera and lgpio come from apt on a Raspberry Pi. See docs/decisions.
    echo /usr/lib/python3/dist-packages >"$builder$home/lib/$python/site-packages/debian.pth"
    # Never written again: no stamps to compare with, no compiling on a card that is read-only.
    inside "$builder" "$home/bin/python" -m compileall -q --invalidation-mode unchecked-hash "$home/lib"
    inside "$builder" "$home/bin/gate" run --help >/dev/null # loads all of the daemon
}

# pack BUILDER VERSION FOLDER: prints the path of the package
pack() {
    local builder=$1 version=$2 out=$3 tree file python minor
    tree=$(mktemp -d)
    cp -r "$ROOT/systemd/rootfs/." "$tree"
    mkdir -p "$tree"/{DEBIAN,usr/lib/gate,usr/share/doc/gate}
    cp -r "$ROOT/config" "$tree/usr/share/gate/config"
    rm -rf -- "$tree/usr/share/gate/config"/{__init__.py,__pycache__,demo.toml,phrases}
    cp "$ROOT/docs/install.md" "$ROOT/docs/devices.md" "$ROOT/docs/trust.md" "$ROOT/docs/rules.md" "$tree/usr/share/doc/gate/"
    { echo "Apache-2.0; the text as it came with the source:" && cat "$ROOT/LICENSE"; } >"$tree/usr/share/doc/gate/copyright"
    tar --create --directory "$builder/opt/gate/versions/$version" --sort=name --owner=0 --group=0 --numeric-owner \
        --mtime="@$SOURCE_DATE_EPOCH" . | zstd --quiet -19 -T0 -o "$tree/usr/lib/gate/$version.tar.zst"
    python=$(basename -- "$(echo "$builder/opt/gate/versions/$version"/lib/python3.*)")
    minor=${python#python3.}
    for file in postinst prerm postrm control; do
        sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$ARCHITECTURE/; s/@PYTHON@/3.$minor/" \
            -e "s/@NEXT_PYTHON@/3.$((minor + 1))/; s/@KIB@/$(du -sk "$tree" | cut -f 1)/" \
            "$ROOT/systemd/maintainer/$file" >"$tree/DEBIAN/$file"
    done
    chmod 0755 "$tree"/DEBIAN/p*
    (cd -- "$tree" && find etc -type f -printf '/%p\n' | sort) >"$tree/DEBIAN/conffiles"
    find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    chmod -R u=rwX,go=rX "$tree"
    mkdir -p "$out"
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$out/gate_${version}_$ARCHITECTURE.deb" >/dev/null
    rm -rf -- "$tree"
    echo "$out/gate_${version}_$ARCHITECTURE.deb"
}

# build RELEASE: the package, and with --check a second version to upgrade to, which is thrown away
build() {
    local release=$1 builder version package next scratch turn began=$SECONDS
    exec {turn}<"$CACHE"
    flock "$turn" # two at a time would build in the same folder
    builder=$(builder "$release")
    version=$(version "$release")
    open_up "$builder"
    wheels "$release" "$builder"
    package=$(make "$builder" "$version" "$OUT")
    say "$release: $package, $(du -h "$package" | cut -f 1), $((SECONDS - began)) s"
    if [[ -n $CHECK ]]; then
        scratch=$(mktemp -d)
        next=$(make "$builder" "$version.next" "$scratch")
        "$ROOT/systemd/package-check.sh" "$release" "$package" "$next"
        rm -rf -- "$scratch"
    fi
    umount -R "$builder"/{proc,dev}
    exec {turn}<&-
}

make() {
    environment "$1" "$2"
    pack "$1" "$2" "$3"
}

into_namespace "$0" "$@"
parse "$@"
mkdir -p "$CACHE"
SOURCE_DATE_EPOCH=$(git -C "$ROOT" log -1 --format=%ct)
export SOURCE_DATE_EPOCH
for release in "${RELEASES[@]}"; do
    build "$release"
done
