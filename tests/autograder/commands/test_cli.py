"""The command as a whole: its help, and wrong use."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from autograder.commands.cli import app

COMMANDS = typer.main.get_command(app).commands


def test_there_is_a_file_a_command() -> None:
    assert set(COMMANDS) == {
        "build", "prove", "claims", "check", "refresh", "grade", "collect", "demo", "doctor",
        "cache", "new", "handout", "publish",
    }  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_every_option_and_argument_with_what_it_is_for(autograder, name) -> None:
    ended = autograder(name, "--help", COLUMNS="200")
    assert ended.returncode == 0, ended.stderr
    words = " ".join(ended.stdout.split())
    for parameter in COMMANDS[name].params:
        shown = [*parameter.opts, *parameter.secondary_opts]
        if parameter.param_type_name == "argument":
            shown = [parameter.metavar or parameter.name]
        for option in shown:
            assert option.lower() in words.lower(), option
        assert parameter.help, parameter.name
        assert parameter.help.split(".")[0] in words, parameter.name
    assert COMMANDS[name].help.split("\n")[0] in words


def test_help_names_every_command(autograder) -> None:
    shown = autograder("--help").stdout
    assert all(name in shown for name in COMMANDS)
    assert "--version" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["build", "77"], "'77': is no assignment; choose from 90_small"),
        (["prove", "90", "--course", "nowhere"], "nowhere is no course"),
        (["grade"], "Missing argument"),
        (["sing"], "No such command"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(
    small_course, autograder, arguments, says
) -> None:
    ended = autograder(*arguments, folder=small_course)
    assert ended.returncode == 2, ended.stderr
    assert says in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_outside_a_course_the_way_out_is_named(autograder) -> None:
    ended = autograder("build")
    assert ended.returncode == 2
    assert "go to the course's folder or give --course" in " ".join(ended.stderr.split())


def test_a_grader_that_cannot_go_on_says_so_in_a_line(tmp_path) -> None:
    code = (
        "from autograder.classes.errors import PoolError\n"
        "from autograder.commands import cli\n"
        "def app():\n    raise PoolError('it [broke]', code=1)\n"
        "cli.app = app\ncli.main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (1, "autograder: it [broke]\n")
