"""A report for the terminal."""

from collections.abc import Iterator

from growingio_tracker.collector.plan.report import NotPlanned, Report, Seen
from growingio_tracker.collector.terminal import harmless


def report_text(report: Report) -> str:
    """Return ``report`` as lines of text, safe to print, without a line end."""
    bad = sum(1 for seen in report.seen if seen.bad)
    lines = [
        f"Tracking plan: {len(report.seen)} seen ({bad} with violations), "
        f"{len(report.never_seen)} never seen, {len(report.not_planned)} not planned."
    ]
    for seen in report.seen:
        lines += _of_seen(seen)
    lines += [f"never seen   {harmless(f'{one.kind} {one.name}')}" for one in report.never_seen]
    lines += [f"not planned  {harmless(_of_unplanned(one))}" for one in report.not_planned]
    return "\n".join(lines)


def _of_seen(seen: Seen) -> Iterator[str]:
    yield f"seen         {harmless(f'{seen.kind} {seen.name}')} (events: {seen.events})"
    yield from (f"    {line}" for line in problem_lines(seen))


def problem_lines(seen: Seen) -> list[str]:
    """Return what is wrong with events of one name, a line a problem, safe to print."""
    return [
        f"{count.problem.level} in {count.events} of {seen.events}, such as event {count.event}: "
        + harmless(f"{count.problem.sentence} {count.problem.fix}")
        for count in seen.counts.values()
    ]


def _of_unplanned(one: NotPlanned) -> str:
    hint = f" Did you mean {one.nearest}?" if one.nearest else ""
    return f"{one.kind} {one.name} (events: {one.events}, such as event {one.event}).{hint}"
