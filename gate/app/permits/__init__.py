"""``gate permits``: the list of permits (通行证) that staff keep in a table and import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gate.app.build import clock_of
from gate.app.permits import importing, show, template
from gate.config_file import load
from gate.errors import ConfigError, GateError
from gate.pseudonym import load_or_make_key

if TYPE_CHECKING:
    import argparse

    from gate.config import GateConfig

UNUSABLE = importing.UNCHANGED
EPILOG = """\
A list is a table saved as CSV from Excel or WPS. Start with `gate permits template > list.csv`, fill it in, save it as
"CSV UTF-8", and `gate permits import list.csv`. The file is the whole list: who is not on it any more has no permit any
more. A gate that runs takes the new list within seconds. docs/permits.md tells all about it.
"""
IMPORT_EPILOG = """\
columns, in any order, headed in Chinese or English:
  证件号码 number      needed; format the column as text, or the office program spoils ID numbers
  证件类型 document    身份证, 永居证, 港澳台居住证, 回乡证/台胞证 or 护照; may be left out for ID numbers
  区域 zones           needed; as in [checkpoint] zone of the gates; several as east-3;east-5
  开始 from, 结束 to    needed; 2021-06-18 or 2021-06-18 08:00; a last day without a time counts whole
  时段 hours           08:00-18:00, 22:00-06:00 goes over midnight; empty: all day
  次数 entries         how often; empty: without limit
  单位 sponsor         the organisation that asked for it, not a person; kept as it is written
  通行证编号 id         stays the same when the list is imported again
Other columns, such as names, are not read and not kept. Of numbers only pseudonyms are kept.

Bad rows are named by their line and left out, the others go in; where more rows are bad than good, nothing is changed.
Exit status: 0 every row went in, 1 some were left out, 2 nothing was changed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = EPILOG
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True)
    one = tools.add_parser(
        "import",
        help="take a table as the new list, and name every row that is wrong",
        epilog=IMPORT_EPILOG,
        formatter_class=parser.formatter_class,
    )
    one.add_argument("file", type=Path, metavar="FILE.csv", help="comma, semicolon or tab; UTF-8 or GB18030")
    _add_places(one)
    _add_places(tools.add_parser("show", help="what the list that serves holds: how many, which zones, how old"))
    tools.add_parser("template", help="print a list with two examples, to fill in")


def _add_places(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, default=Path("/etc/gate/gate.toml"), metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument(
        "--state", type=Path, default=Path("/var/lib/gate"), metavar="FOLDER", help="default: %(default)s"
    )


def run(args: argparse.Namespace) -> int:
    """Do it and give the exit status."""
    try:
        if args.tool == "template":
            return template.run()
        config = load(args.config, args.state)
        path, key, now = _path(args.config, config), load_or_make_key(config.status.key), clock_of(config).moment()
        if args.tool == "show":
            return show.run(path, config.checkpoint, key, now)
        return importing.run(args.file, path, config.checkpoint, key, now)
    except GateError as error:
        print(f"gate permits {args.tool}: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("gate permits: stopped; the list that served serves on", file=sys.stderr)
        return UNUSABLE


def _path(file: Path, config: GateConfig) -> Path:
    if config.status.permits is None:
        raise ConfigError(f'{file}: this gate has no list of permits; write permits = "permits.sqlite" under [status]')
    return config.status.permits
