"""``gate rules explain``: what a rule set decides about somebody, told from the profile to the spoken line."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from gate.app.rules import files
from gate.errors import ConfigError, RuleSetError
from gate.model import Outcome
from gate.rules.explanation import Explanation, Told, explanation
from gate.rules.profiles import Assignment
from gate.rules.subjects import Subject, read_subjects
from gate.rules.vocabulary import Both, Language
from voice import phrases

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from gate.rules.ruleset import RuleSet

_OUTCOMES = {
    Outcome.PASS: Both("通行", "pass"),
    Outcome.RETRY: Both("请重试", "retry"),
    Outcome.REFER: Both("请核查", "refer"),
}
_ADVICE = Both("只提醒", "advice only")


def run(args: argparse.Namespace) -> int:
    """Explain, print it, and give the exit status."""
    file = files.load(args.file)
    rule_set = file.rule_set if args.profile is None else _assigned(file.rule_set, args.profile)
    subject = _subject(args.facts, args.line)
    found = explanation(subject, rule_set, file.logics, args.language)
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(_as_json(found, subject, args.language)), indent=2).decode())
    else:
        print("\n".join(_Report(found, subject, rule_set, args.language).lines(forced=args.profile is not None)))
    return 0


def _assigned(rule_set: RuleSet, profile: str) -> RuleSet:
    """The set with everybody assigned to one profile."""
    if profile not in rule_set.profiles:
        raise ConfigError(f"--profile {profile} is not in the set; its profiles are {', '.join(rule_set.profiles)}")
    return replace(rule_set, assignments=(Assignment(profile, MappingProxyType({})),))


def _subject(path: Path, line: int | None) -> Subject:
    try:
        found = {subject.line: subject for subject in read_subjects(files.read(path), datetime.now(UTC))}
    except RuleSetError as error:
        raise RuleSetError(f"{path}: {error}") from error
    if line is None and len(found) > 1:
        raise ConfigError(f"{path} has {len(found)} lines; say which one is to be explained, e.g. --line 1")
    if line is not None and line not in found:
        raise ConfigError(f"{path} has no line {line}; its lines are 1 to {max(found)}")
    return next(iter(found.values())) if line is None else found[line]


class _Report:
    """The explanation as text."""

    def __init__(self, found: Explanation, subject: Subject, rule_set: RuleSet, language: Language) -> None:
        self._found = found
        self._subject = subject
        self._rule_set = rule_set
        self._language = language

    def _words(self, zh: str, en: str) -> str:
        return Both(zh, en).of(self._language)

    def lines(self, *, forced: bool) -> Iterator[str]:
        decision = self._found.decision
        at = self._subject.moment.at
        rule_set = f"{self._rule_set.id}@{self._rule_set.version}"
        yield self._words(f"对象：{self._subject.name}", f"who: {self._subject.name}")
        local = self._subject.local(at).isoformat(sep=" ", timespec="seconds")
        yield self._words(f"时间：{local}", f"when: {local}")
        yield self._words(f"规则集：{rule_set}", f"rule set: {rule_set}")
        if not self._rule_set.valid_from <= at < self._rule_set.valid_to:
            yield self._words(
                "注意：规则集此时不在有效期内，设备上一律请核查；以下按有效解释。",
                "Note: the set is not valid at that time, so a gate refers everybody; explained as if it were.",
            )
        yield self._profile(forced=forced)
        yield from self._decision()
        if decision.profile is not None:
            yield self._words("\n规则（按顺序）：", "\nrules, in their order:")
        for number, told in enumerate(self._found.rules, 1):
            yield f"{number:3}. {self._rule(told)}"
            yield from told.step.lines("       ")

    def _rule(self, told: Told) -> str:
        rule = told.rule
        described = f"{rule.identifier} {rule.description[self._language]}"
        if told.failure is None:
            return f"✓ {described}"
        advises = rule.outcome is Outcome.PASS
        outcome = (_ADVICE if advises else _OUTCOMES[told.failure.outcome]).of(self._language)
        reason = told.failure.reason
        return f"✗ {described}{self._words(f' → {outcome}（{reason}）', f' → {outcome} ({reason})')}"

    def _profile(self, *, forced: bool) -> str:
        name = self._found.decision.profile
        if name is None:
            return self._words("配置：没有一条 assignments 与此人匹配", "profile: no assignment matches this person")
        if forced:
            return self._words(f"配置：{name}（由 --profile 指定）", f"profile: {name} (chosen by --profile)")
        number = self._found.assignment
        return self._words(f"配置：{name}（assignments 第 {number} 条）", f"profile: {name} (assignment {number})")

    def _decision(self) -> Iterator[str]:
        decision = self._found.decision
        outcome = _OUTCOMES[decision.outcome].of(self._language)
        yield self._words(f"结论：{outcome}（{decision.outcome}）", f"decision: {outcome}")
        texts = phrases.load([self._language])
        for reason in decision.reasons:
            guard = texts.texts(reason)[self._language].guard
            yield self._words(f"  原因：{reason}（{guard}）", f"  reason: {reason} ({guard})")
        said = texts.texts(decision.announced)[self._language]
        yield self._words(f"  语音：{said.voice}", f"  said: {said.voice}")
        yield self._words(f"  屏幕：{said.screen}；{said.next_step}", f"  shown: {said.screen}; {said.next_step}")
        for one in decision.advisories:
            advice = texts.texts(one.reason)[self._language].voice.rstrip("。.")
            deadline = self._subject.local(one.deadline).isoformat(sep=" ", timespec="seconds")
            yield self._words(f"  提醒：{advice}，期限 {deadline}", f"  advice: {advice}; by {deadline}")
        if decision.marks:
            yield self._words("  标记：", "  marks: ") + ", ".join(decision.marks)
        if decision.calls_staff:
            yield self._words("  同时呼叫工作人员", "  staff are called")


def _as_json(found: Explanation, subject: Subject, language: Language) -> dict[str, Any]:
    decision = found.decision
    said = phrases.load([language]).texts(decision.announced)[language]
    return {
        "who": subject.name,
        "at": subject.moment.at,
        "rule_set": decision.rule_set,
        "profile": decision.profile,
        "assignment": found.assignment,
        "outcome": decision.outcome,
        "reasons": decision.reasons,
        "spoken": decision.announced,
        "texts": asdict(said),
        "advisories": [asdict(one) for one in decision.advisories],
        "marks": decision.marks,
        "calls_staff": decision.calls_staff,
        "failed_rules": decision.failed_rules,
        "rules": [
            {
                "rule": told.rule.identifier,
                "description": told.rule.description[language],
                "holds": told.failure is None,
                "outcome": None if told.failure is None else told.failure.outcome,
                "reason": None if told.failure is None else told.failure.reason,
                "why": asdict(told.step),
            }
            for told in found.rules
        ],
    }
