#!/usr/bin/env bash
# Installs a package of the gate in a clean Debian, upgrades, removes and purges it; called by `./run package --check`.
#
#   systemd/package-check.sh bookworm|trixie PACKAGE NEXT_PACKAGE
#
# Says each thing that holds; ends with the first that does not. Where systemd-nspawn is installed, that Debian is also
# started, so that the units meet a real systemd: package-probe.sh.
set -euo pipefail

HERE=$(CDPATH='' cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" >/dev/null && pwd)
readonly HERE
# shellcheck source-path=SCRIPTDIR source=chroots.sh
. "$HERE/chroots.sh"

(($# == 3)) || die "$(sed -n '4s/^# *//p' "${BASH_SOURCE[0]}")"
readonly RELEASE=$1 PACKAGE=$2 NEXT=$3
ARCHITECTURE=$(dpkg-deb --field "$PACKAGE" Architecture)
readonly ARCHITECTURE UNITS=(gate gate-again gate-camera gate-enrol gate-kiosk gate-trial)

holds() {
    local what=$1
    shift
    "$@" || die "$RELEASE: does not hold: $what"
    say "$RELEASE: $what"
}

version() { dpkg-deb --field "$1" Version; }
current() { readlink "$MACHINE/opt/gate/current"; }
in_machine() { inside "$MACHINE" "$@"; }
install_packages() { in_machine apt-get install --yes --quiet --no-install-recommends "$@"; }
install_package() {
    cp "$1" "$MACHINE/tmp/gate.deb"
    install_packages /tmp/gate.deb
    rm "$MACHINE/tmp/gate.deb"
}
names() { find "$MACHINE" -xdev -iname '*gate*' -not -path '*/proc/*' -not -path '*/usr/share/doc/*' -printf '%P\n' | sort; }

make_machine() {
    local clean
    clean=$CACHE/clean-$RELEASE-$ARCHITECTURE-$(digest <<<"${MIRROR:-}")
    [[ -d $clean ]] || debian "$RELEASE" "$ARCHITECTURE" "" "$clean"
    MACHINE=$(mktemp -d -t "gate-$RELEASE.XXXXXX")
    trap 'umount -R "$MACHINE"/{proc,dev} 2>/dev/null; rm -rf --one-file-system -- "$MACHINE"' EXIT
    cp -a "$clean/." "$MACHINE"
    open_up "$MACHINE"
    in_machine apt-get update --quiet
}

# The example configuration lacks what only a city can give, and says so; it lacks nothing else.
example_is_good() {
    local said
    said=$(in_machine setpriv --reuid gate --regid gate --init-groups gate run --check-config \
        --config /usr/share/gate/config/gate.toml --state /var/lib/gate) && return 1
    grep -q '^- \[trust\]' <<<"$said" && grep -q '^- .*status.json' <<<"$said" && grep -q ': 2 faults$' <<<"$said"
}

# Without devices, records or anybody to believe, it comes up all the same, and refers everybody.
daemon_comes_up() {
    local log
    log=$(in_machine setpriv --reuid gate --regid gate --init-groups timeout --signal TERM 8 \
        gate run --config /etc/gate/gate.toml --state /var/lib/gate 2>&1) || true
    if ! grep -q ' ready screen=' <<<"$log" || ! grep -q ' stopping' <<<"$log"; then
        echo "$log" >&2
        return 1
    fi
}

units_are_understood() {
    local unit
    for unit in "${UNITS[@]}"; do
        in_machine systemd-analyze verify "/usr/lib/systemd/system/$unit.service" 2>&1 |
            # programs of the screen, which only Recommends brings
            grep -v -e '/usr/bin/cage is not executable' -e 'pcscd' -e 'getty' | grep -F "$unit" && return 1
    done
    if in_machine udevadm verify --help >/dev/null 2>&1; then # since systemd 254
        in_machine udevadm verify /usr/lib/udev/rules.d/72-gate.rules >&2
    fi
}

set_up() {
    cp -r "$MACHINE/usr/share/gate/config/." "$MACHINE/etc/gate/"
    sed -i 's/^port = 8765$/port = 0/' "$MACHINE/etc/gate/gate.toml" # this machine may have a gate of its own
    echo kept >"$MACHINE/var/lib/gate/kept"
}

is_kept() { [[ $(cat "$MACHINE/var/lib/gate/kept") == kept && -e $MACHINE/etc/gate/gate.toml ]]; }

# The Debian starts in a container; its own systemd runs the gate, and then package-probe.sh.
holds_under_systemd() {
    local folder=$MACHINE/root
    install_packages systemd-sysv dbus
    cp "$NEXT" "$folder/next.deb"
    cp "$HERE/package-probe.sh" "$folder/probe.sh"
    cat >"$MACHINE/etc/systemd/system/probe.service" <<'END'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
StandardOutput=file:/root/probe.log
StandardError=file:/root/probe.log
ExecStart=/root/probe.sh
ExecStopPost=/bin/systemctl --no-block poweroff
END
    mkdir -p "$MACHINE/etc/systemd/system/default.target.wants"
    ln -s ../probe.service "$MACHINE/etc/systemd/system/default.target.wants/probe.service"
    umount -R "$MACHINE"/{proc,dev}
    # Debian 13's systemd wants the unified cgroups, whatever this machine has.
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=$([[ $RELEASE == bookworm ]] && echo 0 || echo 1) timeout 600 systemd-nspawn --quiet \
        --directory="$MACHINE" --register=no --keep-unit --private-network --boot </dev/null >"$folder/boot.log" 2>&1 || true
    open_up "$MACHINE"
    sed "s/^/$RELEASE: under systemd: /" "$folder/probe.log" >&2 || tail -n 20 "$folder/boot.log" >&2
    [[ $(tail -n 1 "$folder/probe.log") == all ]] || return 1
    rm -f "$folder"/{next.deb,probe.sh,probe.log,boot.log} "$MACHINE"/etc/systemd/system/{,default.target.wants/}probe.service
}

make_machine >&2
before=$(names)
holds "installs" install_package "$PACKAGE" >/dev/null
holds "its version is current" test "$(current)" = "versions/$(version "$PACKAGE")"
holds "gate --help" in_machine gate --help >/dev/null
holds "the example configuration lacks a bundle and records, nothing else" example_is_good
set_up
holds "comes up, and stops when asked to" daemon_comes_up
holds "units and rules are understood by this release's systemd" units_are_understood
if command -v systemd-nspawn >/dev/null; then
    holds "and all of that under systemd" holds_under_systemd >/dev/null
    in_machine apt-get purge --yes --quiet gate >/dev/null
    install_package "$PACKAGE" >/dev/null # as it was before
    set_up
else
    say "$RELEASE: not tried under systemd: there is no systemd-nspawn (package systemd-container)"
fi
holds "upgrades" install_package "$NEXT" >/dev/null
holds "the new version is current" test "$(current)" = "versions/$(version "$NEXT")"
holds "the one before is at hand" in_machine gate-switch back
holds "and can be current again" test "$(current)" = "versions/$(version "$PACKAGE")"
holds "data and configuration are kept" is_kept
holds "removes" in_machine apt-get remove --yes --quiet gate >/dev/null
holds "no program is left" test ! -e "$MACHINE/opt/gate" -a ! -e "$MACHINE/usr/sbin/gate-switch"
holds "data and configuration are kept" is_kept
holds "purges" in_machine apt-get purge --yes --quiet gate >/dev/null
holds "nothing of that name is left" diff <(echo "$before") <(names)
