"""``gate voice``: list what the gate says, build a pack of clips, check it, hear a phrase."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import ConfigError
from gate.model import Reason
from voice import phrases
from voice.pack import BUNDLED, Pack
from voice.render import ENGINES, build
from voice.speaker import LAST_ANNOUNCEMENT, Settings, Speaker

if TYPE_CHECKING:
    import argparse

_AFTER_SECONDS = 0.5
"""What a card still plays from its buffer after the length of a clip."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The four things to do with the voice, and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="every reason and what is said about it, in every language")
    building = actions.add_parser("build", help="render a pack: needed after a voice text was changed")
    building.add_argument("--engine", choices=sorted(ENGINES), default="espeak", help="who speaks (default: espeak)")
    building.add_argument("--out", type=Path, default=Path("voice-pack"), metavar="DIR", help="default: voice-pack")
    building.add_argument("--voices", type=Path, metavar="DIR", help="voice files, for kokoro: see voice/kokoro.py")
    checking = actions.add_parser("check", help="is there a good clip for every reason and language?")
    saying = actions.add_parser("say", help="play one phrase on the sound card")
    saying.add_argument("reason", choices=[reason.value for reason in Reason], metavar="REASON", help="see list")
    saying.add_argument("--language", choices=phrases.available(), default="zh-CN", help="default: zh-CN")
    for action in (checking, saying):
        action.add_argument("--pack", type=Path, action="append", default=[], help="folder tried before the own pack")


def run(args: argparse.Namespace) -> int:
    """Do what was asked for; 0 where it went well."""
    try:
        if args.action == "list":
            return _list()
        if args.action == "build":
            return _build(args)
        if args.action == "check":
            return _check(args.pack)
        return _say(Reason(args.reason), args.language, args.pack)
    except ConfigError as error:
        print(f"gate voice: {error}", file=sys.stderr)
        return 1


def _list() -> int:
    catalogue = phrases.load(phrases.available())
    for reason in Reason:
        for language, texts in catalogue.texts(reason).items():
            print(f"{reason:<28}{language:<7}{texts.voice}")
    return 0


def _build(args: argparse.Namespace) -> int:
    catalogue = phrases.load(phrases.available())
    count = build(catalogue, ENGINES[args.engine], args.out, args.voices, progress=print)
    print(f"{count} clips in {args.out}")
    return 0


def _check(packs: list[Path]) -> int:
    pack = Pack.open((*packs, BUNDLED), phrases.load(phrases.available()))
    for problem in pack.problems:
        print(problem)
    seconds = [clip.seconds for _, _, clip in pack]
    print(f"{len(seconds)} clips, the longest {max(seconds):.1f} s, {len(pack.problems)} problems")
    return 1 if pack.problems else 0


def _say(reason: Reason, language: str, packs: list[Path]) -> int:
    pack = Pack.open((*packs, BUNDLED), phrases.load((language,)))
    folder = Path(tempfile.mkdtemp(prefix="gate-voice-"))
    if asyncio.run(_heard(pack, reason, language, folder)):
        folder.rmdir()
        return 0
    print(f"no sound card could be used: written to {folder / LAST_ANNOUNCEMENT}")
    return 1


async def _heard(pack: Pack, reason: Reason, language: str, folder: Path) -> bool:
    speaker = Speaker(pack, Settings(languages=(language,)), folder)
    speaking = asyncio.create_task(speaker.run())
    taken = await speaker.say(reason)
    if taken is not None:
        await asyncio.sleep(pack.clip(reason, language).seconds + _AFTER_SECONDS)
    speaking.cancel()
    await asyncio.wait({speaking})
    return taken is not None
