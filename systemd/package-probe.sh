#!/bin/sh
# Runs in the Debian of systemd/package-check.sh while a real systemd is at work there, as the last unit of its start.
# Says what holds, one line each; the last line is "all" where everything did.
set -eu

says() { systemctl show --property="$1" --value gate.service; }
works() { [ "$(says ActiveState)" = active ]; }
used() { readlink /opt/gate/current; }

# waits_for COMMAND...: at most two minutes
waits_for() {
    for _ in $(seq 120); do
        ! "$@" || return 0
        sleep 1
    done
    return 1
}

is_another_process() { works && [ "$(says MainPID)" != "$1" ]; }

waits_for works
echo "gate.service is at work as user $(ps -o user= -p "$(says MainPID)")"

# In a sandbox like the gate's, as its user.
systemd-run --quiet --wait --pipe --property=User=gate --property=PrivateUsers=yes --property=NoNewPrivileges=yes \
    /opt/gate/current/bin/python -P -c 'import smartcard.System as s; print("pcscd lets the gate in:", s.readers())'

frozen=$(says MainPID)
kill -STOP "$frozen"
waits_for is_another_process "$frozen"
echo "a frozen gate is started again"

dpkg --install /root/next.deb >/dev/null
works
case $(used) in *.next) ;; *) exit 1 ;; esac
[ ! -L /opt/gate/trial ]
echo "an upgrade under way ends with the new version at work"

good=$(used)
cp -r "/opt/gate/$good" /opt/gate/versions/9-bad
printf '#!/bin/sh\nexit 1\n' >/opt/gate/versions/9-bad/bin/gate
! gate-switch to 9-bad || exit 1
waits_for works
[ "$(used)" = "$good" ]
echo "a version that does not come up is left again"

ln -sfn versions/9-bad /opt/gate/current
systemctl restart gate.service || true
fails() { [ "$(says ActiveState)" = failed ]; }
waits_for fails
ln -sfn "$good" /opt/gate/current
waits_for works
echo "a gate that failed ten times is started again after its pause"
echo all
