"""The whole of it: a defect that loses or doubles money takes the level away, and the report names the rule."""

from __future__ import annotations

import pytest
from defects_money import NEW_KEY, ONE_PAGE, SHORT_REFERENCE, SWALLOWED

#: What is planted → (file, what stands there, what is planted instead), rule that names it.
_PLANTED = {
    "a swallowed exception passes for done": (SWALLOWED, "PUSH-003"),
    "a new key on a retry": (NEW_KEY, "PUSH-003"),
    "find without paging": (ONE_PAGE, "FIND-003"),
    "a reference that is shortened": (SHORT_REFERENCE, "PUSH-001"),
}
_CELLS = {"PUSH-003": "PUSH-003 and (reset_after_work or reset_before_work)"}


@pytest.mark.parametrize("planted", _PLANTED)
def test_a_planted_defect_takes_the_level_away(certify, site, planted):
    defect, rule = _PLANTED[planted]
    status, output, told = certify(site.plant(*defect), "-k", _CELLS.get(rule, rule))
    assert status == 1, output
    assert told["level"] is None
    (row,) = told["rules"]
    assert (row["id"], row["verdict"]) == (rule, "failed")
    assert row["reason"]
    assert f"✗ {rule}" in output
    assert told["lost"] or defect is not SWALLOWED  # done and nowhere


@pytest.mark.slow
@pytest.mark.parametrize("name", ["acme", "relay"])
def test_a_good_one_is_gold(certify, name):
    status, output, told = certify(name, "-n", "2")
    assert status == 0, output
    assert (told["level"], told["without"], told["lost"], told["doubled"]) == ("gold", [], 0, 0)
