"""The seatbelt of macOS: what can be seen of it elsewhere, the words and the rules."""

from __future__ import annotations

from autograder.isolation import seatbelt


def position(rules: list[str], part: str) -> int:
    return next(number for number, rule in enumerate(rules) if part in rule)


def test_what_is_opened_comes_after_what_is_closed(tmp_path) -> None:
    """The last rule that fits holds."""
    programs = tmp_path / "programs"
    rules = seatbelt.profile([str(programs)], str(tmp_path / "own")).splitlines()
    for closed, opened in (
        ('(subpath "/Users")', f'(allow file-read* (subpath "{programs.resolve()}")'),
        ("(deny file-write*)", f'file-write* (subpath "{tmp_path.resolve() / "own"}")'),
        ("(deny signal)", "(allow signal (target same-sandbox))"),
    ):
        assert position(rules, closed) < position(rules, opened)
    assert not any("allow network" in rule for rule in rules)


def test_a_folder_with_quotes_in_its_name_ends_no_rule(tmp_path) -> None:
    words = seatbelt.command(["python", "-m", "x"], [], str(tmp_path / 'a "folder" \\'))
    assert (words[0], words[1], words[3:]) == (seatbelt.PROGRAM, "-p", ["python", "-m", "x"])
    assert 'a \\"folder\\" \\\\")' in words[2]


def test_a_link_is_followed_to_where_the_files_are(tmp_path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    rules = seatbelt.profile([str(tmp_path / "link")], str(tmp_path / "link"))
    assert f'"{tmp_path.resolve() / "real"}"' in rules
    assert "link" not in rules.replace(str(tmp_path), "")
