"""Writes the saved inputs anew, with the gate's own encoders; the people are fictional.

Run from the checkout, where a format has changed: ``PYTHONPATH=tests .venv/bin/python -m fuzz.make_corpus``. Inputs
whose name begins with ``found-`` were found by fuzzing and stay.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from base64 import b64encode
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cbor2
import health_codes
from health_codes import CITY, CITY_FILE, SHANGHAI_TEXT, answer, id_number, person, with_time
from permit_lists import imported, row, table
from PIL import Image
from rule_set_samples import GREEN, YELLOW, assigned, known, rule, rule_set
from signed_certificates import content
from vectors import ROOT

from drivers import lcus_frames
from drivers.camera_wire import Frame, Kind
from drivers.idcard_frames import Command, frame, request
from drivers.input_events import EV_MSC
from drivers.newland import command
from drivers.simulated import gymcu90614, id_cards
from drivers.simulated.camera import picture_of
from drivers.simulated.gun import alt_code, keystrokes
from drivers.simulated.mlx90614 import SimulatedMlx90614
from drivers.simulated.serial_gun import EngineModel
from fuzz import bundles, card_seeds, seals
from fuzz.codes import ISSUED, KEY, KEY_ID, NOW
from fuzz.engine import CORPUS
from fuzz.revocations import DIGESTS, FILES, FILTER_SLICE, SLICE
from gate.app.demo.people import healthy
from gate.credentials import base45, hcert, hcert_issue, signed_health_code, signed_permit
from gate.credentials.signed_content import Issue
from gate.model import Holder, PermitRecord, Records
from gate.trust import bloom

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drivers.input_events import KeyEvent

EXPIRES = ISSUED + timedelta(days=365)
CONTENTS = {group: content(group) for group in ("v", "t", "r")}
CODES = {
    group: hcert_issue.issue(payload, KEY, KEY_ID, "XX", ISSUED, EXPIRES).encode()
    for group, payload in CONTENTS.items()
}
CARDS = {
    "citizen": id_cards.citizen(1),
    "no-end": id_cards.citizen(2, valid_to="长期"),
    "hmt": id_cards.hong_kong_macau_taiwan(3),
    "foreigner-2017": id_cards.foreigner_2017(4),
    "foreigner-2023": id_cards.foreigner_2023(5),
}


def save(target: str, inputs: dict[str, bytes]) -> None:
    """Write one target's inputs in place of those that were made before."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if not path.name.startswith("found-"):
            path.unlink()
    for name, data in inputs.items():
        (folder / name).write_bytes(data)


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def codes() -> None:
    messages = {group: hcert.decompress(base45.decode(code.removeprefix(b"HC1:"))) for group, code in CODES.items()}
    claims = {group: hcert.decode(code).message.payload for group, code in CODES.items()}
    save("hcert text", {f"{group}.txt": code for group, code in CODES.items()} | {"lower.txt": CODES["v"].lower()})
    bombs = {"bomb": b"\0" * 10_000_000, "nested": b"\x81" * 15_000, "wide": b"\x9a\x7f\xff\xff\xff" + b"\0" * 3000}
    wrapped = {f"{name}.txt": hcert_issue.wrap(data).encode() for name, data in bombs.items()}
    for name, data in wrapped.items():
        (CORPUS / "hcert text" / name).write_bytes(data)
    save(
        "base45", {group: code.removeprefix(b"HC1:") for group, code in CODES.items()} | {"short": b"BB8", "none": b""}
    )
    save(
        "cose and cbor",
        messages
        | {f"{group}-untagged": message.removeprefix(b"\xd2") for group, message in messages.items()}
        | {"nested": b"\x81" * 17, "maps": b"\xa1\x01" * 20 + b"\0", "item": cbor2.dumps([1.5, -3])},
    )
    save("signed claims", claims)
    save("signed health code", {name: cbor2.dumps(made) for name, made in signed_health_codes().items()})
    save("signed permit", {name: cbor2.dumps(made) for name, made in signed_permits().items()})
    save("dcc content", {group: cbor2.dumps(payload) for group, payload in CONTENTS.items()})
    save(
        "identify",
        {"code": CODES["t"], "number": b"999999199001010024", "old": b"999999900101002", "permit": b"ZZZ999980010119"}
        | {"padded": b"  HC1:6BF \r\n", "text": b"hello"},
    )
    save("id-card text block", CARDS)
    for target, inputs in (*card_seeds.seeds().items(), *seals.seeds().items()):
        save(target, inputs)
    save("health code", {**health_codes.CODES, "opaque": SHANGHAI_TEXT, **city_codes()})


def city_codes() -> dict[str, bytes]:
    """One of each form; those with a time were made a moment before the targets' own."""
    made = int(NOW.at.timestamp()) - 10
    local = f"{NOW.at + timedelta(hours=8) - timedelta(seconds=10):%Y%m%d%H%M%S}"
    return {
        "query": f"https://code.example.cn/health/show?c=Abc12345&t={made}".encode(),
        "future": with_time(5),
        "path": b"https://code.example.cn/h/QUJDREVG",
        "fragment": b"https://code.example.cn/app#0123456789abcdef",
        "json": as_json({"id": "012345678901", "at": local}),
        "prefix": b"JKM:123456",
        "wide": "ＪＫＭ：１２３４５６".encode(),
        "number": id_number(1).encode(),
    }


def signed_health_codes() -> dict[str, dict[int, Any]]:
    """Claims of a code for a screen, of one for paper, and of one that says nothing."""
    at = ISSUED.replace(second=7)
    issue = Issue("example-city", at, at + timedelta(minutes=10))
    printed = Issue("example-city", at, at + timedelta(days=7), bytes(range(16)))
    holder = Holder("甲乙", birth_date=date(1990, 1, 1), pseudonym=bytes(range(16)))
    said = healthy(at)
    return {
        "dynamic": signed_health_code.claims(holder, said, issue),
        "printed": signed_health_code.claims(holder, replace(said, tests=said.tests * 3), printed),
        "silent": signed_health_code.claims(holder, Records(), issue),
    }


def signed_permits() -> dict[str, dict[int, Any]]:
    """Claims of a permit with everything in it, and of one with as little as there can be."""
    issue = Issue("example-city", ISSUED, ISSUED + timedelta(days=9), bytes(range(16)))
    holder = Holder("甲乙", pseudonym=bytes(range(16)))
    bare = PermitRecord("", ISSUED, frozenset({"east-3"}), ISSUED, ISSUED + timedelta(days=9))
    full = replace(
        bare, zones=frozenset({"east-3", "east-5"}), hours=(360, 1320), entries_left=9, sponsor="Example Ltd"
    )
    return {"bare": signed_permit.claims(holder, bare, issue), "full": signed_permit.claims(holder, full, issue)}


def devices() -> None:
    reads = {name: frame(b"\0\0\x90" + b"\x01\0\x04\0" + block + bytes(1024)) for name, block in CARDS.items()}
    whole = b"".join(
        (request(Command.FIND), frame(b"\0\0\x9f" + bytes(4)), *reads.values(), frame(b"\0\0\x90" + bytes(16)))
    )
    bad = bytearray(reads["citizen"])
    bad[-1] ^= 1
    flood = b"\xaa\xaa\xaa\x96\x69\x09\x60" * 400
    save(
        "id-card frames",
        {
            "slow": b"\0" + reads["citizen"],
            "fast": b"\xff" + whole,
            "bad": b"\x10" + bytes(bad) + whole,
            "flood": b"\x03" + flood,
        },
    )
    events = {"code": keystrokes("HC1:6BFOXN%TS3DH0\r"), "text": keystrokes("测试 é\r", encoding="gbk")}
    save(
        "keyboard gun",
        {name: packed(event for stroke in strokes for event in stroke) for name, strokes in events.items()}
        | {"unicode": packed(alt_code("27979")), "long": packed(e for s in keystrokes("A" * 700) for e in s)},
    )
    pulse = b"".join(lcus_frames.wire(lcus_frames.Frame(channel, state)) for channel in (1, 2) for state in (1, 0))
    save(
        "relay board", {"pulses": b"\xff" + pulse, "bytes": b"\0CH1: OFF\r\n\xa0\xa0" + pulse, "cut": b"\2" + pulse[1:]}
    )
    save("serial gun", serial_guns())
    frames = (
        Frame(Kind.IDLE, 1.5),
        Frame(Kind.STARTED, 2.0),
        Frame(Kind.CODE, 2.0, CODES["v"]),
        Frame(Kind.UNREADABLE, 3.0, b"x"),
    )
    save("camera pipe", {"all": b"".join(one.to_bytes() for one in frames)})
    save("pictures", pictures())
    thermometers()


def thermometers() -> None:
    sent = gymcu90614.frame(3650, 2412) + gymcu90614.frame(-250, -1999, b"\x0e\x42") + b"\x14"
    damaged = sent[:8] + bytes([sent[8] ^ 1]) + sent[9:]
    save(
        "thermometer frames", {"whole": b"\xff" + sent * 3, "pieces": b"\x02" + sent, "damaged": b"\x08" + damaged * 2}
    )
    sensor = SimulatedMlx90614()
    sensor.target = 3649
    words = {command: bytes((sensor.address, command)) + sensor.read(sensor.address, command, 3) for command in (6, 7)}
    save("thermometer word", {"ambient": words[6], "object": words[7], "short": words[7][:4]})


def serial_guns() -> dict[str, bytes]:
    """The first byte chooses what ends a code (in the order of ``Ends``), the second the pieces."""
    engine = EngineModel()
    answers = b"".join(
        engine.feed(command(body)) for body in (b"TSUSET0D", b"SCNMOD2", b"SCNMOD*", b"SCNMOD9", b"XYZABC1")
    )
    return {
        "engine": b"\x00\x01" + answers + b"HC1:6BFOXN\r" + answers + b"\x06HC1:6BFOXN\r",
        "lines": b"\x01\x00one\r\ntwo\n\n" + b"7" * 9000 + b"\nthree\n",
        "both": b"\x02\x05o\rn\ne\r\ntwo\r\n",
        "framed": b"\x03\x02noise\x02one\x03\x02half\x02" + "健康码".encode("gb18030") + b"\x03\r\n",
        "silence": b"\x04\xffone" + b"7" * 9000,
    }


def packed(events: Iterable[KeyEvent]) -> bytes:
    """Five bytes an event, as the target takes them apart."""
    return b"".join(
        bytes((event.type, event.code >> 8, event.code & 0xFF, event.value, 1))
        for event in events
        if event.type != EV_MSC
    )


def pictures() -> dict[str, bytes]:
    """A code as PNG and JPEG, in several modes."""
    code = Image.open(io.BytesIO(picture_of("HC1:6BFOXN")))
    small = code.resize((code.width // 2, code.height // 2))
    made = {}
    for name, picture, form in (
        ("grey.png", small.convert("L"), "PNG"),
        ("one-bit.png", small.convert("1"), "PNG"),
        ("palette.png", small.convert("P"), "PNG"),
        ("alpha.png", small.convert("RGBA"), "PNG"),
        ("deep.png", small.convert("I;16"), "PNG"),
        ("grey.jpg", small.convert("L"), "JPEG"),
        ("colour.jpg", small.convert("RGB"), "JPEG"),
        ("print.jpg", small.convert("CMYK"), "JPEG"),
        ("blank.png", Image.new("L", (40, 40), 255), "PNG"),
    ):
        file = io.BytesIO()
        picture.save(file, form, **({"progressive": True} if name == "colour.jpg" else {}))
        made[name] = file.getvalue()
    return made


PERMITS = table(
    [row(1, sponsor="示例超市", entries="2", id="TX-1"), row(2, zones="east-3;east-5", hours="22:00-06:00")]
)


def permit_tables() -> dict[str, bytes]:
    """A list in several dialects, with slips."""
    slips = [row(1), row(2, number="4.40E+17"), row(3, from_="44365"), row(4, hours="8-18"), row(5, sponsor="=1")]
    return {
        "comma": PERMITS,
        "tab.gb18030": table([row(1, document="身份证", sponsor="示例超市"), row(2)], "\t", "gb18030"),
        "semicolon": table([row(1, sponsor="a\nb; c"), row(2, to="2021年6月30日")], ";"),
        "slips": table(slips),
    }


def documents() -> None:
    save("certlogic", {name: as_json(value) for name, value in expressions().items()})
    more = rule(
        "CN-TEST-0002",
        {
            "if": [
                {"===": [{"var": "payload.test.state"}, "known"]},
                {"<=": [{"var": "payload.test.since_report"}, {"var": "external.parameters.max_s"}]},
                False,
            ]
        },
        AffectedFields=["test.result"],
    )
    examples = [
        {
            **GREEN,
            "facts": {**GREEN["facts"], "test": known(since_report=60)},
            "expect": {"CN-TEST-0001": True, "CN-TEST-0002": True},
        },
        {
            **YELLOW,
            "facts": {**YELLOW["facts"], "test": known(since_report=90_000)},
            "expect": {"CN-TEST-0001": False, "CN-TEST-0002": False},
        },
    ]
    two = rule_set(
        rules=[rule(), more],
        parameters={"min_doses": 2, "max_s": 86_400},
        profiles={"station": {"rules": ["CN-TEST-0001", "CN-TEST-0002"], "parameters": {"max_s": 3600}}},
        assignments=[assigned("station", lane=["1"]), assigned("station")],
        examples=examples,
    )
    save("rule set", {"one.json": as_json(rule_set()), "two.json": as_json(two)})
    own = rule(Logic={">=": [{"var": "payload.v.0.dn"}, 2]}, AffectedFields=["v.0.dn"])
    foreign = {key: value for key, value in own.items() if key not in {"Reason", "Outcome"}}
    foreign |= {"Country": "XX", "CertificateType": "Vaccination"}
    aged = {
        "not-after": [{"plusTime": [{"var": "payload.v.0.dt"}, 365, "day"]}, {"plusTime": ["2022-10-01", 0, "day"]}]
    }
    save(
        "foreign rules",
        {"two.json": as_json([foreign, {**foreign, "Identifier": "VR-XX-0002", "Logic": aged, "Region": ""}])},
    )
    save("permit table", permit_tables())
    with tempfile.TemporaryDirectory() as folder:
        save("permit list", {"two": imported(Path(folder), PERMITS).read_bytes()})
    save("orders", {"example.json": (ROOT / "config/rules/orders.example.json").read_bytes()})
    lines = [
        (ROOT / f"config/rules/{name}.cases.jsonl").read_bytes().splitlines()
        for name in ("station-48h", "children", "anti-passback")
    ]
    save("cases", {f"{number}.jsonl": b"\n".join(found[:3]) for number, found in enumerate(lines)})
    save("description", descriptions())
    save("status file", {"all.json": as_json(status())})
    save("configuration", {name: (ROOT / f"config/{name}").read_bytes() for name in ("gate.toml", "demo.toml")})
    issuers = sorted((ROOT / "config/health-codes").glob("*.toml"))
    save("code issuer", {path.name: path.read_bytes() for path in issuers} | {"city.toml": CITY_FILE})
    save("code answer", {f"{name}.json": as_json([issuer, raw]) for name, (issuer, raw) in answers().items()})
    _, certificate = hcert_issue.throwaway_signer("XX", ISSUED)
    save(
        "signer list",
        {"one.json": as_json({"anchors": [{"certificate": b64encode(certificate).decode(), "country": "XX"}]})},
    )
    asked: list[dict[str, Any]] = [
        {"id": "a", "text": CODES["v"].decode(), "at": "2022-04-01T12:00:00+08:00"},
        {"id": 7, "text": "hello"},
        {"text": "999999199001010024"},
        {"id": "x", "at": "yesterday"},
    ]
    save("batch line", {f"{number}.json": as_json(question) for number, question in enumerate(asked)})


def revocations() -> None:
    times = {"as_of": "2022-03-01T08:00:00Z", "expires": "2022-05-01T08:00:00Z"}
    lists: list[dict[str, Any]] = [
        {
            "names": ["uci", "country_uci"],
            "form": "hashes",
            "file": "whole.lst",
            "changes": ["change.lst"],
            "number": 2,
        },
        {"names": ["signature"], "form": "bloom", "file": "filters.lst", "number": 2},
        {"names": ["uci"], "form": "hashes", "file": "whole.lst", "number": 1},
    ]
    issuers = {"XX": {"lists": [one | times for one in lists]}, "YY": {"publishes": False, **times}}
    save("revocation index", {"all.json": as_json({"format": 1, "issuers": issuers})})
    save("digest list", {name: FILES[name] for name in ("whole.lst", "change.lst")})
    divided = [replace(bloom.fill(DIGESTS), prefix=prefix) for prefix in ("", "a", "12", "abc")]
    save("bloom filters", {"one.lst": FILES["filters.lst"], "divided.lst": bloom.write(divided, 1)})
    entries = [b64encode(digest).decode() for digest in DIGESTS]
    chunks = [
        {"version": 2, "chunk": 1, "lastChunk": 2, "revokedUcvi": entries[:5], "id": "x"},
        {"version": 2, "chunk": 2, "lastChunk": 2, "revokedUcvi": entries[5:7], "id": "x"},
        {"version": 3, "chunk": 1, "lastChunk": 1, "delta": {"insertions": entries[7:9], "deletions": entries[:1]}},
        {"version": 5, "fromVersion": 3, "chunk": 1, "lastChunk": 1, "delta": {"deletions": entries[:2]}},
    ]
    save("italian list", {"all.json": as_json(chunks), "whole.json": as_json(chunks[:2])})
    short = [{"hash": b64encode(digest[:16]).decode()} for digest in DIGESTS[:5]]
    batch = {"country": "XX", "expires": "2022-11-02T10:12:46.000Z", "kid": "UNKNOWN_KID", "entries": short}
    kinds = ("UCI", "SIGNATURE", "COUNTRYCODEUCI")
    save("eu batch", {f"{kind}.json": as_json(batch | {"hashType": kind}) for kind in kinds})
    save("eu slice", {"digests": b"\x20" + SLICE, "filter": b"\x20" + FILTER_SLICE})
    kid = b64encode(b"12345678").decode()
    chunk = {"2": {"2022-11-01T00:00:00Z": {"type": "VARHASHLIST", "version": "1.0", "hash": "digests"}}}
    filters = {"a": {"2022-11-01T00:00:00Z": {"type": "BLOOMFILTER", "version": "1.0", "hash": "filter"}}}
    keys = [{"kid": kid, "mode": "POINT", "hashTypes": kinds[:2], "lastUpdated": "2022-10-01T00:00:00Z"}]
    partitions = [
        {"kid": kid, "x": None, "y": None, "chunks": chunk},
        {"kid": kid, "x": "0", "y": "f", "chunks": filters},
    ]
    save("eu partitions", {"all.json": as_json([keys, partitions])})


def descriptions() -> dict[str, bytes]:
    """What the page about issuing has codes made of."""
    page = (ROOT / "docs/issuing.md").read_text("utf-8")
    return {
        name: body.encode()
        for name, body in re.findall(r"^```json file=(\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    }


def expressions() -> dict[str, Any]:
    """Every operation, and what takes long: loops in loops over all the data that fits."""
    now = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}
    done = {"plusTime": [{"var": "payload.v.0.dt"}, 270, "day"]}
    data = {
        "payload": CONTENTS["v"],
        "external": {"validationClock": "2022-06-30T10:00:00+08:00", "valueSets": {"a": ["x", "y"]}},
    }
    current, so_far = {"var": "current"}, {"var": "accumulator"}
    total = {"reduce": [{"var": ""}, {"+": [so_far, current]}, 0]}
    twice = {"reduce": [{"var": ""}, {"reduce": [{"var": "data"}, {"+": [so_far, current]}, so_far]}, 0]}
    times = {"reduce": [{"var": ""}, {"reduce": [{"var": "data"}, {"plusTime": [current, 1, "month"]}, 0]}, 0]}
    born = {"reduce": [{"var": ""}, {"reduce": [{"var": "data"}, {"dccDateOfBirth": [current]}, 0]}, 0]}
    parts = {"reduce": [{"var": ""}, {"reduce": [{"var": "data"}, {"extractFromUVCI": [current, 300]}, 0]}, 0]}
    sought = {"reduce": [{"var": ""}, {"in": [current, {"var": "data"}]}, 0]}
    deep: Any = {"var": ""}
    for _ in range(45):
        deep = {"!": [deep]}
    return {
        "dates.json": [{"and": [{"not-after": [now, done]}, {"before": [done, now, done]}]}, data],
        "if.json": [
            {"if": [{"in": ["x", {"var": "external.valueSets.a"}]}, {"===": [{"var": "payload.v.0.dn"}, 2]}, False]},
            data,
        ],
        "uvci.json": [{"extractFromUVCI": [{"var": "payload.v.0.ci"}, 2]}, data],
        "born.json": [{"after": [now, {"dccDateOfBirth": [{"var": "payload.dob"}]}]}, data],
        "between.json": [{"<": [1, {"+": [{"var": "0"}, 1]}, 10]}, [3]],
        "not.json": [deep, True],
        "total.json": [total, [1, 2, 3]],
        "twice.json": [twice, list(range(110))],
        "times.json": [times, [f"2022-06-30T10:{minute:02}:00+08:00" for minute in range(60)]],
        "births.json": [born, ["1990-02"] * 110],
        "parts.json": [parts, ["/" * 1000] * 15],
        "sought.json": [sought, ["a", 1, None, True] * 70],
        "paths.json": [{"var": ".".join(["0"] * 200)}, [[0]]],
    }


def answers() -> dict[str, tuple[str, dict[str, Any]]]:
    """What providers say: about one, about a family, and that they have nothing to say."""
    national = {"code": 10000, "data": json.dumps({"qrCodeType": "0", "idCard": id_number(1)})}
    tested = {"checkTime": "2022-04-05 06:00:00", "checkResult": "阴性"}
    return {
        "family": (CITY.id, answer(person(1), person(2, colour="R"))),
        "old": (CITY.id, answer(code=1)),
        "national": ("cn-national", national),
        "guangdong": ("gd-yuekang", {"RetCode": 0, "status": "00", "id": id_number(1), "stNucleicAcid": [tested]}),
        "shanghai": ("sh-suishen", {"zjhm": id_number(1)}),
    }


def status() -> dict[str, Any]:
    """A holder with a record of every kind."""
    at = {"source": "city", "as_of": "2021-06-20T07:50:00+08:00"}
    later = "2021-06-21T07:50:00Z"
    return {
        "format": 1,
        "holders": {
            "00112233445566778899aabbccddeeff": {
                "codes": [{**at, "colour": "green"}],
                "pop_ups": [{**at, "active": True, "level": 2, "raised_at": later, "expires_at": later}],
                "tests": [{**at, "result": "negative", "sampled_at": later, "reported_at": later, "pool_size": 10}],
                "vaccinations": [{**at, "doses": 3, "last_dose_at": later}],
                "travel": [{**at, "risk_area": False}],
                "arrivals": [{**at, "arrived_at": later, "risk": "low"}],
                "exemptions": [{**at, "ground": "mobility", "expires_at": later}],
                "permits": [{**at, "zones": ["east"], "valid_from": later, "valid_to": later, "hours": [480, 1200]}],
            }
        },
    }


def trust() -> None:
    names = ("timestamp", "snapshot", "targets", "trust", "rules")
    made = {f"{name}.json": bundles.BUNDLE[f"{name}.json"] for name in names}
    save("tuf metadata", made | {"root.json": bundles.ROOT})
    save("trust bundle", {"all.json": as_json(bundles.PARTS)})


if __name__ == "__main__":
    codes()
    devices()
    documents()
    trust()
    revocations()
