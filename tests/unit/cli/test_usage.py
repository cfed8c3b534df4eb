"""Help and wrong usage, in both languages."""

from __future__ import annotations

import json
import re

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from delivering.processes import run_well
from growingio_cli.application import app

COMMANDS = [
    "",
    "codegen",
    *(f"codegen {name}" for name in ("write", "status")),
    "collector",
    "decode",
    "demo",
    "diff",
    "doctor",
    "import",
    "plan",
    *(f"plan {name}" for name in ("check", "draft", "report", "schema", "pull", "diff", "push")),
    "relay",
    "replay",
    "send",
    "spool",
    *(f"spool {name}" for name in ("status", "list", "export", "requeue", "drain")),
]
IN_ONE_PROCESS = """
import json
import sys
from typer.testing import CliRunner
from growingio_cli.application import app

results = [CliRunner().invoke(app, words.split(), prog_name="growingio") for words in sys.argv[1:]]
print(json.dumps([[one.exit_code, one.output] for one in results]))
"""
"""The language of help is chosen when the commands are imported: one process for each."""


def outputs(locale: str, *lines: str) -> dict[str, tuple[int, str]]:
    """Return the exit status and the output of each command line."""
    printed = run_well(IN_ONE_PROCESS, *lines, LC_ALL=locale, COLUMNS="80", NO_COLOR="1")
    results = [(status, output) for status, output in json.loads(printed)]
    return dict(zip(lines, results, strict=True))


def every_help(locale: str) -> dict[str, str]:
    lines = [f"{command} --help".strip() for command in COMMANDS]
    shown = outputs(locale, *lines).values()
    assert {status for status, _ in shown} == {0}
    return dict(zip(COMMANDS, (output for _, output in shown), strict=True))


@pytest.fixture(scope="module")
def english() -> dict[str, str]:
    return every_help("C")


@pytest.fixture(scope="module")
def chinese() -> dict[str, str]:
    return every_help("zh_CN.UTF-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits(command: str, english: dict[str, str], chinese: dict[str, str]) -> None:
    """No line of a help is wider than 80 columns, in either language."""
    for shown in (english[command], chinese[command]):
        assert max(map(cell_len, shown.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_no_types(command: str, english: dict[str, str]) -> None:
    """A flag stands alone, and a value has a name of its own, not a type of Python."""
    assert not re.search(r"<\w+>|\b(BOOLEAN|INTEGER|FLOAT|TEXT|PATH \[|RANGE)\b", english[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_help_in_chinese(command: str, english: dict[str, str], chinese: dict[str, str]) -> None:
    """Every explanation is Chinese where Chinese is read: no line of words is left in English."""
    left = set(english[command].splitlines()) & set(chinese[command].splitlines())
    assert [line for line in left if re.search(r"[a-z] [a-z]", line) and "|" not in line] == []


def test_bounds_and_defaults(english: dict[str, str]) -> None:
    """Help names the bounds and the default of a number."""
    shown = " ".join(english["import"].split())
    assert "[1 to 64] [default: 1]" in shown
    assert "[default: 300]" in shown


def test_output_has_a_letter(english: dict[str, str]) -> None:
    """Every command that takes ``--output`` takes ``-o`` as well."""
    lines = [line for shown in english.values() for line in shown.splitlines()]
    outputs = [line for line in lines if re.search(r"^\s+(-\w, *)?--output\b", line)]
    assert len(outputs) >= 6
    assert [line for line in outputs if "-o" not in line.replace("--output", "")] == []


WRONG = [
    ("collectr", "unknown command collectr. Did you mean collector?", "没有命令 collectr。"),
    ("spool x", "unknown command x.", "没有命令 x。"),
    ("collector --prt 1", "unknown option --prt. Did you mean --port?", "没有选项 --prt。"),
    ("collector --port", "--port needs a value.", "--port 需要一个值。"),
    ("collector --quiet=1", "--quiet takes no value.", "--quiet 不带值。"),
    ("collector --tls 99999", "--tls has an invalid value.", "--tls 的值无效。"),
    ("collector --max-age 7", "--max-age '7' is not an age.", "--max-age '7' 不是时长。"),
    ("doctor --lang de", "--lang has an invalid value.", "--lang 的值无效。"),
    ("doctor extra", "unexpected argument extra.", "多余的参数 extra。"),
    ("decode", "FILE is missing.", "缺少 FILE。"),
    ("replay db", "--to is missing.", "缺少 --to。"),
    ("send e", "name the user with --user", "请用 --user"),
    ("spool status nowhere", "the directory nowhere does not exist.", "目录 nowhere 不存在。"),
    ("relay nowhere", "create it with --create.", "用 --create 创建。"),
]


@pytest.fixture(scope="module")
def wrong() -> dict[str, dict[str, tuple[int, str]]]:
    lines = [line for line, _, _ in WRONG]
    return {locale: outputs(locale, *lines) for locale in ("C", "zh_CN.UTF-8")}


@pytest.mark.parametrize(("line", "english", "chinese"), WRONG)
def test_wrong_usage(
    line: str, english: str, chinese: str, wrong: dict[str, dict[str, tuple[int, str]]]
) -> None:
    """Wrong usage is status 2, one sentence, and where to find help, in the reader's language."""
    command = " ".join(word for word in line.split()[:1] if word in COMMANDS)
    status, said = wrong["C"][line]
    assert (status, english in said) == (2, True), said
    assert re.search(rf"Try 'growingio {command}.*--help' for help", said)
    status, said = wrong["zh_CN.UTF-8"][line]
    assert (status, chinese in said) == (2, True), said
    assert "--help”查看帮助" in said
    assert "Error" not in said


def test_an_invalid_value_is_explained(wrong: dict[str, dict[str, tuple[int, str]]]) -> None:
    """A value that cannot be used comes with what the option takes."""
    _, said = wrong["C"]["collector --tls 99999"]
    assert "  --tls PORT" in said
    assert "[0 to 65535]" in " ".join(said.split())
    assert "auto|zh-CN|en" in wrong["C"]["doctor --lang de"][1]


@pytest.mark.parametrize("command", ["", "plan", "spool"])
def test_nothing_asked(command: str) -> None:
    """A group without a command shows its help, as wrong usage."""
    result = CliRunner().invoke(app, command.split())
    assert (result.exit_code, "Commands:\n" in result.output) == (2, True)


def test_completion() -> None:
    """The shell's completion knows the commands."""
    result = CliRunner().invoke(
        app,
        prog_name="growingio",
        env={
            "_GROWINGIO_COMPLETE": "complete_bash",
            "COMP_WORDS": "growingio co",
            "COMP_CWORD": "1",
        },
    )
    assert "collector" in result.output
    options = CliRunner().invoke(app, ["--help"]).output
    assert "--install-completion" in options


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("send x --user u", "配置无法使用：\n- 缺少 product_id：请设置环境变量"),
        ("send x --user u --config no.toml", "无法读取 no.toml："),
        ("collector --bind 192.0.2.1 --port 0", "192.0.2.1 不是本机的地址。"),
        ("collector --bind here", "bind：'here' 不是 127.0.0.1"),
        ("collector --forward here", "forward：'here' 不是服务器地址。"),
        ("collector --plan no.yaml", "plan：无法读取 no.yaml"),
        ("diff no.db no.db", "no.db 不存在。请指定"),
        ("codegen no.yaml", "plan：无法读取 no.yaml"),
        ("import no.csv --dry-run", "no.csv 不是文件"),
    ],
)
def test_errors_in_chinese(line: str, said: str) -> None:
    """Mistakes are told in the language of the terminal."""
    result = CliRunner().invoke(
        app, line.split(), env={"LC_ALL": "zh_CN.UTF-8"}, prog_name="growingio"
    )
    assert result.stderr.startswith(said), result.stderr
    assert result.exit_code == 1
