"""Flags as masks: which of several wins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.calc.flags import MISSING, VALID, masks, valid_if_any, worst
from tidegate.model.errors import BadValue
from tidegate.model.flags import RANK, WORST_LAST, Flag

FLAGS = st.lists(st.sampled_from(list(Flag)), min_size=1)


def combined(flags: list[Flag]) -> int:
    return int(np.bitwise_or.reduce(masks([int(flag) for flag in flags])))


@given(FLAGS)
def test_the_flag_of_highest_priority_wins(flags):
    """Of flags that are combined, the one named last in `WORST_LAST` is the result."""
    assert int(worst(combined(flags))) == max(flags, key=RANK.__getitem__)


@given(FLAGS)
def test_one_valid_value_makes_a_tolerant_result_valid(flags):
    """The TRUE rule gives 9 as soon as one 9 is among the inputs, else the worst."""
    expected = Flag.VALID if Flag.VALID in flags else int(worst(combined(flags)))
    assert int(valid_if_any(combined(flags))) == expected


@pytest.mark.parametrize(
    ("first", "second", "strict"),
    [(21, 7, 7), (22, 7, 22), (12, 9, 12), (5, 9, 9), (20, 5, 5), (0, 9, 9), (9, 19, 19)],
)
def test_vector_32_pairs_of_flags(first, second, strict):
    """The pairs of the specification come out as it prints them."""
    assert int(worst(np.bitwise_or.reduce(masks([first, second])))) == strict


def test_nothing_combined_has_no_value():
    """An empty mask is `NO_VALUE`."""
    assert int(worst(0)) == Flag.NO_VALUE
    assert int(valid_if_any(0)) == Flag.NO_VALUE


def test_another_order_of_priorities_can_be_given():
    """With estimated values ranked above missing ones, estimated wins."""
    order = (*(flag for flag in WORST_LAST if flag is not Flag.ESTIMATED), Flag.ESTIMATED)
    mask = combined([Flag.ESTIMATED, Flag.MISSING])
    assert int(worst(mask, order)) == Flag.ESTIMATED
    assert int(worst(mask)) == Flag.MISSING


def test_masks_keep_the_shape_of_their_flags():
    """An array of flags gives an array of one-bit masks."""
    found = masks(np.array([[9, 19], [19, 9]], dtype=np.int16))
    assert found.tolist() == [[VALID, MISSING], [MISSING, VALID]]


@pytest.mark.parametrize("stranger", [-1, 1, 8, 23, 300])
def test_a_number_that_is_no_flag_is_refused(stranger):
    """Only the nine flags have a mask."""
    with pytest.raises(BadValue, match=str(stranger)):
        masks([9, stranger])
