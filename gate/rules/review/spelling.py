"""Rules that ask for what there never is: misspelt facts, values, parameters. Such a rule refuses everybody, or nobody.

A gate would take it, for it can't know what the author meant; ``gate.rules.vocabulary`` says what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.rules import certlogic
from gate.rules.parameters import MAX_AGE
from gate.rules.review.fault import Fault, fault
from gate.rules.vocabulary import FACTS, paths, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARAMETER = "external.parameters."


def spelling(found: dict[str, Any]) -> Iterator[Fault]:
    """Everything that a set of sound form asks for and that does not exist."""
    for fact in found["parameters"].get(MAX_AGE, {}):
        if fact not in FACTS:
            yield fault("parameters", MAX_AGE, fact, "is no fact; docs/rules.md lists them", FACTS)
    for rule in found["rules"]:
        where = f"rule {rule['Identifier']}"
        for affected in rule["AffectedFields"]:
            if value_of(f"payload.{affected}") is None:
                words = "is no value of a fact; write e.g. test.result"
                yield fault(where, "AffectedFields", affected, words, _names())
        for path in sorted(certlogic.paths(rule["Logic"])):
            yield from _path(where, path, found["parameters"])
        yield from _choices(where, rule["Logic"])
    for number, example in enumerate(found["examples"], 1):
        for name in example["facts"].keys() - FACTS.keys():
            yield fault(f"example {number}", "facts", name, "is no fact; docs/rules.md lists them", FACTS)


def _path(where: str, path: str, parameters: dict[str, Any]) -> Iterator[Fault]:
    first, _, name = path.partition(".")
    if first == "payload" and name and value_of(path) is None:
        yield fault(where, "Logic payload", name, "is never there; docs/rules.md lists what there is", _names())
    elif path.startswith(_PARAMETER) and (name := path.split(".")[2]) not in parameters:
        words = "is no parameter of the set; add it to parameters or correct the name"
        yield fault(where, "Logic external.parameters", name, words, parameters)
    elif first == "external" and not f"{path}.".startswith((_PARAMETER, "external.validationClock.")):
        yield fault(where, "Logic", path, f"is never there; write {_PARAMETER}NAME", ())


def _names() -> Iterator[str]:
    """``code.colour`` and so on."""
    return (path.partition(".")[2] for path in paths())


def _choices(where: str, part: Any) -> Iterator[Fault]:
    """Comparisons of a value that has a closed list with something that is not on it."""
    if isinstance(part, list):
        for item in part:
            yield from _choices(where, item)
        return
    if not isinstance(part, dict):
        return
    operator, operands = next(iter(part.items()))
    if operator == "var":
        return
    if operator in {"===", "in"}:
        yield from _off_list(where, operands)
    yield from _choices(where, operands)


def _off_list(where: str, operands: list[Any]) -> Iterator[Fault]:
    for one, other in (operands, operands[::-1]):
        path = one.get("var") if isinstance(one, dict) else None
        meaning = value_of(path) if isinstance(path, str) else None
        if meaning is None or not meaning.choices:
            continue
        for literal in other if isinstance(other, list) else [other]:
            # Booleans are integers to Python, but not on a list of integers; a flag takes nothing else.
            if isinstance(literal, dict | list) or any(
                type(literal) is type(choice) and literal == choice for choice in meaning.choices
            ):
                continue
            listed = ", ".join(str(choice) for choice in meaning.choices)
            words = f"is never what {path} is, so this is never true; it is one of {listed}"
            yield fault(where, "Logic", literal, words, (str(choice) for choice in meaning.choices))
