#!/usr/bin/env bash
# Proves that ./run is all that a new machine needs.
#
#   tests/bare-machine.sh [bookworm|trixie] [user|root] [COMMAND...]
#
# Makes a Debian in a temporary folder that has git and python3 (and sudo, for `user`) and nothing else,
# clones the last commit of this checkout into it, and runs there COMMAND, else `./run test` and the demo,
# each with its seconds; then starts once more, which must take less than 3 s.
# By hand, as root, with mmdebstrap installed and a network; takes about 2 GB and 5 minutes. MIRROR=... names a mirror.
set -euo pipefail

ROOT=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." >/dev/null && pwd)
readonly ROOT RELEASE=${1:-bookworm} VISITOR=${2:-user}
readonly SLOWEST_START_MS=3000

# A mount namespace of its own: whatever happens, no mount stays behind.
if [[ -z ${IN_NAMESPACE:-} ]]; then
    exec env IN_NAMESPACE=1 unshare --mount --pid --fork --kill-child "$0" "$@"
fi

MACHINE=$(mktemp -d -t "bare-$RELEASE.XXXXXX")
trap 'umount -R "$MACHINE"/{proc,sys,dev} 2>/dev/null; rm -rf --one-file-system -- "$MACHINE"' EXIT

make_machine() {
    mmdebstrap --quiet --variant=minbase --include=git,python3,sudo "$RELEASE" "$MACHINE" ${MIRROR:+"$MIRROR"}
    mount -t proc proc "$MACHINE/proc"
    mount --rbind /sys "$MACHINE/sys"
    mount --rbind /dev "$MACHINE/dev"
    cp /etc/resolv.conf /etc/hosts "$MACHINE/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$MACHINE/etc/this-network.crt"
    chroot "$MACHINE" useradd --create-home --shell /bin/bash visitor
    echo 'visitor ALL=(ALL) NOPASSWD: ALL' >"$MACHINE/etc/sudoers.d/visitor"
}

bring_checkout() {
    git clone --quiet "$ROOT" "$MACHINE/home/visitor/gate"
    local vectors=${GATE_VECTORS:-$ROOT/../shared/vectors}
    if [[ -d $vectors ]]; then
        mkdir "$MACHINE/home/visitor/shared"
        cp -r "$vectors" "$MACHINE/home/visitor/shared/vectors" # beside the checkout, where tests look
    fi
    chroot "$MACHINE" chown -R "$(account)": /home/visitor
}

account() { [[ $VISITOR == root ]] && echo root || echo visitor; }

# in_machine COMMAND...: as somebody who has just logged in; the variables are those of this network.
in_machine() {
    chroot "$MACHINE" su - "$(account)" -c "cd /home/visitor/gate && CI=true \
        PIP_CERT=/etc/this-network.crt PIP_DEFAULT_TIMEOUT=${PIP_DEFAULT_TIMEOUT:-60} $*" </dev/null
}

timed() {
    local began=$SECONDS
    echo "== $RELEASE, $VISITOR: $*"
    in_machine "$@"
    echo "== $((SECONDS - began)) s"
}

starts_at_once() {
    local began took
    began=$(date +%s%3N)
    in_machine ./run gate --help >/dev/null
    took=$(($(date +%s%3N) - began))
    echo "== second start: $took ms"
    ((took < SLOWEST_START_MS))
}

make_machine
bring_checkout
if (($# > 2)); then
    timed "${@:3}"
else
    timed ./run test
    timed ./run demo --once
fi
starts_at_once
