# shellcheck shell=bash
# Debian systems in folders: for systemd/package.sh, which builds in one, and systemd/package-check.sh, which installs in
# one. Both run as root in a mount namespace of their own, so that no mount stays behind.

shopt -s inherit_errexit # a step that fails inside $(…) ends it as well

# shellcheck disable=SC2034 # used by both scripts
CACHE=${GATE_PACKAGE_CACHE:-/var/cache/gate-package}

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# into_namespace SCRIPT ARGUMENTS...: begins again in a namespace of its own
into_namespace() {
    [[ -z ${IN_NAMESPACE:-} ]] || return 0
    ((EUID == 0)) || die "Needs root: it makes a Debian in a folder and works in there."
    exec env IN_NAMESPACE=1 unshare --mount --mount-proc --pid --fork --kill-child "$@"
}

digest() { sha256sum | cut -c 1-16; }

debian_number() {
    case $1 in
        bookworm) echo 12 ;;
        trixie) echo 13 ;;
        *) die "'$1' is no Debian that the gate is built for: bookworm or trixie" ;;
    esac
}

# alone FOLDER: waits until nobody else makes something in it, until this script ends
alone() {
    exec {TURN}>"$1/.turn"
    flock "$TURN"
}

# debian RELEASE ARCHITECTURE PACKAGES FOLDER [OPTION...]: makes it, with options of mmdebstrap; after an interruption
# FOLDER is not there
debian() {
    local release=$1 architecture=$2 packages=$3 folder=$4
    shift 4
    rm -rf --one-file-system -- "$folder.part"
    mkdir -p "$(dirname -- "$folder")"
    mmdebstrap --quiet --variant=minbase --architectures="$architecture" ${packages:+--include="$packages"} "$@" \
        "$release" "$folder.part" ${MIRROR:+"$MIRROR"}
    mv -T "$folder.part" "$folder"
}

# open_up FOLDER: what programs in there need, and this machine's way into the network
open_up() {
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    cp /etc/resolv.conf /etc/hosts "$1/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$1/etc/this-network.crt"
}

# inside FOLDER COMMAND...: with nothing of this machine's environment
inside() {
    local folder=$1
    shift
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PIP_CERT=/etc/this-network.crt PIP_DEFAULT_TIMEOUT=180 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
        SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-0}" chroot "$folder" "$@" </dev/null
}
