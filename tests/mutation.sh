#!/bin/sh
# Changes gate/rules in every way that mutmut knows and counts the changes that no test notices: docs/mutation.md.
#
#   tests/mutation.sh PYTHON [PATTERN...]    e.g.  tests/mutation.sh /tmp/mutmut/bin/python 'gate.rules.derive*'
#
# PYTHON is that of an environment with mutmut and the packages of the lock file, but without this package: what is
# tested must be the changed copy. Works on the last commit, in a clone that stays behind for "mutmut show".
set -eu
python=$1
shift
[ $# -gt 0 ] || set -- 'gate.rules.*'
source=$(cd "$(dirname "$0")/.." && pwd)
GATE_VECTORS=${GATE_VECTORS:-$source/../shared/vectors}
export GATE_VECTORS
if (cd / && "$python" -c 'import gate') 2>/dev/null; then
    echo "$python has this package installed: its tests would test that one and notice nothing" >&2
    exit 1
fi
clone=$(mktemp -d /tmp/mutation-XXXXXX)
git clone -q "$source" "$clone"
cd "$clone"
cat >>setup.cfg <<'CONFIG'

[mutmut]
source_paths=
    gate
only_mutate=
    gate/rules/*.py
also_copy=
    config
    drivers
    voice
pytest_add_cli_args=
    -x
pytest_add_cli_args_test_selection=
CONFIG
for test in tests/unit/test_certlogic*.py tests/unit/test_fields.py tests/unit/test_eu_rules.py tests/unit/test_ruleset.py \
    tests/unit/test_rule_set_messages.py tests/unit/test_lint_edges.py \
    tests/unit/test_lint.py tests/unit/test_orders.py tests/unit/test_profiles.py tests/unit/test_parameters.py \
    tests/unit/test_schedule.py tests/unit/test_decide*.py tests/unit/test_rules_judge.py tests/unit/test_judge_limits.py \
    tests/unit/test_certificate_data.py tests/unit/test_case*.py \
    tests/unit/test_derive*.py tests/unit/test_elapsed.py tests/conformance/test_certlogic_suite.py; do
    [ -f "$test" ] && echo "    $test" >>setup.cfg
done
nice "$python" -m mutmut run --max-children 1 "$@" >mutmut.log 2>&1 || { tail -n 40 mutmut.log; exit 1; }
"$python" - <<'SCORE'
import json
from collections import Counter
from pathlib import Path

total = Counter()
noticed, unnoticed = {1, 3, 36, 24, -24, 152, -9, -11}, {0, 5, 33}  # a failed test or one that ran out of time; none
for meta in sorted(Path("mutants/gate/rules").glob("*.py.meta")):
    codes = json.loads(meta.read_text())["exit_code_by_key"]
    count = Counter(
        "noticed" if code in noticed else "unnoticed" if code in unnoticed else "not run" for code in codes.values()
    )
    if run := count["noticed"] + count["unnoticed"]:
        total.update(count)
        print(f"{meta.stem:30} {run:5} {count['noticed']:5} {100 * count['noticed'] / run:6.1f} %")
        for name, code in codes.items():
            if code in unnoticed:
                print(f"    {name}")
run = total["noticed"] + total["unnoticed"]
print(f"{'all':30} {run:5} {total['noticed']:5} {100 * total['noticed'] / run:6.1f} %" if run else "nothing was run")
SCORE
echo "clone: $clone (there: $python -m mutmut show NAME)"
