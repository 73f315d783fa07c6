from __future__ import annotations

import pytest

from dougong.cli import language


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "C", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        (["--lang", "zh", "status"], {"LANG": "C"}, "zh"),
        (["status", "--lang=en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["status", "--lang"], {"LANG": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_the_language_is_asked_for_or_that_of_the_environment(arguments, environment, expected):
    assert language.wanted(arguments, environment) == expected


def test_one_of_two_sentences():
    language.choose("zh")
    assert language.say("好", "good") == "好"
    language.choose("en")
    assert language.say("好", "good") == "good"


def test_messages_come_in_the_language_of_the_command_line(run, tmp_path):
    assert "没有 dougong.toml" in run("status", "--project", tmp_path, "--lang", "zh").err
    assert "there is no dougong.toml" in run("status", "--project", tmp_path, "--lang", "en").err
