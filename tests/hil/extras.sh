#!/usr/bin/env bash
# Makes what the emulated machine needs and Debian 13 has no package of: the kernel's simulated GPIO lines, lgpio, picamera2.
#
#   tests/hil/extras.sh CACHE KERNEL
#
# As root, with mmdebstrap and a network; KERNEL is the machine's, e.g. 6.12.118+deb13-amd64. The last line that it prints
# is a folder whose content belongs into the root of the machine.
set -euo pipefail

ROOT=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." >/dev/null && pwd)
readonly ROOT
# shellcheck source-path=SCRIPTDIR source=../../systemd/chroots.sh
. "$ROOT/systemd/chroots.sh"

# kernel_module BUILDER KERNEL FOLDER: gpio-sim, whose interrupts Debian's kernel has no simulation of either
kernel_module() {
    local builder=$1 kernel=$2 folder=$3
    mkdir -p "$builder/module"
    inside "$builder" sh -c 'tar --extract --file /usr/src/linux-source-*.tar.xz --directory /module --wildcards \
        --transform "s,.*/,," "*/drivers/gpio/gpio-sim.c" "*/drivers/gpio/gpiolib.h" "*/kernel/irq/irq_sim.c"'
    # What the kernel does not give to modules, by what it gives.
    sed -i 's/handle_simple_irq(irq_to_desc(\([^)]*\)))/generic_handle_irq_safe(\1)/' "$builder/module/irq_sim.c"
    printf '%s\n' 'obj-m := gpio-sim.o' 'gpio-sim-y := gpio_sim_lines.o irq_sim.o' >"$builder/module/Makefile"
    mv "$builder/module/gpio-sim.c" "$builder/module/gpio_sim_lines.c"
    inside "$builder" make --silent -C "/usr/src/linux-headers-$kernel" M=/module modules >&2
    mkdir -p "$folder/usr/lib/modules/$kernel/updates"
    strip --strip-debug -o "$folder/usr/lib/modules/$kernel/updates/gpio-sim.ko" "$builder/module/gpio-sim.ko"
}

# libraries BUILDER FOLDER: where Debian's own would lie, which the gate looks through as well
libraries() {
    local builder=$1 folder=$2 place=usr/lib/python3/dist-packages
    inside "$builder" python3 -m venv /tools
    # With PYPI=1 lgpio brings its C library along; picamera2's other needs are Debian's.
    inside "$builder" env PYPI=1 /tools/bin/pip install --quiet --no-deps --no-compile --target /libraries "${LIBRARIES[@]}" >&2
    mkdir -p "$folder/$place"
    cp -r "$builder/libraries/." "$folder/$place"
}

into_namespace "$0" "$@"
(($# == 2)) || die "$(sed -n '4s/^# *//p' "${BASH_SOURCE[0]}")"
alone "$1"
readonly KERNEL=$2 LIBRARIES=(gpiozero==2.0.1 lgpio==0.2.2.0 picamera2==0.3.38 PiDNG==4.0.9 simplejpeg==1.9.0 videodev2==0.0.4 OpenEXR==3.5.3)
BUILDS=linux-headers-$KERNEL,linux-source-${KERNEL%%.*}.$(cut -d . -f 2 <<<"$KERNEL"),make,gcc,libc6-dev,xz-utils,kmod,python3,python3-venv,python3-dev,swig
FOLDER=$1/extras-$({ echo "$BUILDS" "${LIBRARIES[@]}" "${MIRROR:-}" && cat "${BASH_SOURCE[0]}"; } | digest)
if [[ ! -d $FOLDER ]]; then
    BUILDER=$1/extras-builder-$(digest <<<"$BUILDS ${MIRROR:-}")
    [[ -d $BUILDER ]] || { say "making a Debian to build a kernel module in (about 100 s)" && debian trixie amd64 "$BUILDS" "$BUILDER" --aptopt='Apt::Install-Recommends "false"'; }
    rm -rf -- "$FOLDER.part" "$BUILDER"/{module,tools,libraries}
    open_up "$BUILDER"
    kernel_module "$BUILDER" "$KERNEL" "$FOLDER.part"
    libraries "$BUILDER" "$FOLDER.part"
    umount -R "$BUILDER"/{proc,dev}
    mv -T "$FOLDER.part" "$FOLDER"
fi
echo "$FOLDER"
