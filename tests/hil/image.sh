#!/usr/bin/env bash
# Makes the machine that the tests in here boot: a Debian 13 with the gate installed, as a disk, a kernel and an initrd.
#
#   tests/hil/image.sh CACHE
#
# As root, with mmdebstrap and a network. Package, Debian and image are kept in CACHE under names made of what they were
# made from; the last line that it prints is the image's folder.
set -euo pipefail

HERE=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" >/dev/null && pwd)
ROOT=$(CDPATH='' cd -P -- "$HERE/../.." >/dev/null && pwd)
readonly HERE ROOT
# shellcheck source-path=SCRIPTDIR source=../../systemd/chroots.sh
. "$ROOT/systemd/chroots.sh"

readonly PACKAGES=(
    systemd-sysv udev dbus kmod e2fsprogs iproute2 linux-image-amd64
    # what the gate's package asks for: so it is installed without a network
    python3 tzdata zstd alsa-utils espeak-ng libpcsclite1 libusb-1.0-0 libzbar0 pcscd polkitd procps
    # devices that the package leaves to the installer
    libccid python3-libcamera libcamera-ipa python3-gpiozero python3-numpy python3-piexif python3-prctl
    # what tests look with
    curl sqlite3 usbutils gpiod v4l-utils
)
readonly LEAN=(
    --aptopt='Apt::Install-Recommends "false"'
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*'
    --dpkgopt='path-exclude=/usr/share/locale/*'
)
readonly SIZE=3G # of the disk, which is sparse

# content PATH...: of the files of the checkout that lie there, their names and what is in them
content() {
    git -C "$ROOT" ls-files -z --cached --others --exclude-standard -- "$@" |
        (cd -- "$ROOT" && sort -z | tar --create --null --files-from=- --mtime=@0 --owner=0 --group=0 --mode=u=rwX) | digest
}

# package: the folder that holds it
package() {
    local folder
    folder=$CACHE/package-$(content gate drivers voice config bench systemd requirements.lock setup.cfg pyproject.toml)
    if [[ ! -d $folder ]]; then
        rm -rf -- "$folder.part"
        "$ROOT/systemd/package.sh" --release trixie --out "$folder.part" >&2
        mv -T "$folder.part" "$folder"
    fi
    echo "$folder"
}

# base: the folder of a Debian without the gate
base() {
    local folder
    folder=$CACHE/base-$(digest <<<"${PACKAGES[*]} ${LEAN[*]} ${MIRROR:-}")
    if [[ ! -d $folder ]]; then
        say "making a Debian to boot (about 100 s)"
        debian trixie amd64 "$(IFS=, && echo "${PACKAGES[*]}")" "$folder" "${LEAN[@]}"
    fi
    echo "$folder"
}

# install TREE PACKAGE: the gate, and the tests' hands
install() {
    local tree=$1
    cp -r --no-preserve=ownership "$HERE/guest/." "$tree"
    echo kiosk >"$tree/etc/hostname"
    cp "$2" "$tree/gate.deb"
    mount -t proc proc "$tree/proc"
    inside "$tree" dpkg --install /gate.deb
    rm "$tree/gate.deb"
    inside "$tree" systemctl enable systemd-networkd.service
    # Time of an emulated processor that no test needs. A prompt on the console, which only the kernel uses, among it.
    inside "$tree" systemctl mask serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer \
        dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer systemd-networkd-wait-online.service \
        modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service systemd-binfmt.service \
        e2scrub_reap.service getty@tty1.service systemd-logind.service systemd-user-sessions.service \
        dev-hugepages.mount dev-mqueue.mount sys-kernel-tracing.mount
    # As after its first boot, which asks questions and rebuilds caches.
    inside "$tree" systemd-machine-id-setup
    inside "$tree" journalctl --update-catalog
    inside "$tree" update-initramfs -u -k all
    umount "$tree/proc"
    touch "$tree"/{etc,var}/.updated
}

# image PACKAGE BASE FOLDER
image() {
    local package=$1 base=$2 folder=$3
    TREE=$(mktemp -d -p "$CACHE")
    trap 'umount -R "$TREE/proc" 2>/dev/null || true; rm -rf --one-file-system -- "$TREE"' EXIT
    cp -a "$base/." "$TREE"
    install "$TREE" "$package"/gate_*.deb >&2
    rm -rf -- "$folder.part" && mkdir "$folder.part"
    cp -L "$TREE/vmlinuz" "$TREE/initrd.img" "$folder.part/"
    inside "$TREE" dpkg-query --show >"$folder.part/packages"
    rm -rf -- "${TREE:?}"/boot/* "${TREE:?}"/var/cache/apt/*
    mke2fs -q -t ext4 -d "$TREE" "$folder.part/disk.img" "$SIZE"
    mv -T "$folder.part" "$folder"
}

into_namespace "$0" "$@"
(($# == 1)) || die "$(sed -n '4s/^# *//p' "${BASH_SOURCE[0]}")"
mkdir -p "$1"
CACHE=$(CDPATH='' cd -P -- "$1" && pwd)
alone "$CACHE"
PACKAGE=$(package)
BASE=$(base)
IMAGE=$CACHE/image-$({ basename -a "$PACKAGE" "$BASE" && content tests/hil/image.sh tests/hil/guest; } | digest)
[[ -d $IMAGE ]] || { say "installing the gate in it" && image "$PACKAGE" "$BASE" "$IMAGE"; }
echo "$IMAGE"
