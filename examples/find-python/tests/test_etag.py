import pytest

from ums_find.etag import InvalidPrecondition, matches

TAG = '"1662976800000000-1"'


@pytest.mark.parametrize("field", [TAG, "W/" + TAG, "*", f'"a,b" , W/"c",{TAG}', f",, \t{TAG},", f"{TAG},{TAG}"])
def test_it_matches(field):
    assert matches(field, TAG)


@pytest.mark.parametrize("field", ['"*"', '"1662976800000000-10"', '""', 'W/"x", "y"'])
def test_it_does_not_match(field):
    assert not matches(field, TAG)


@pytest.mark.parametrize("field", ["", ",", "x", '"x', 'x"', '"a" "b"', "*, *", f"w/{TAG}", '"a b"', f"{TAG}x"])
def test_it_is_malformed(field):
    with pytest.raises(InvalidPrecondition):
        matches(field, TAG)


def test_a_long_field_takes_no_time():
    with pytest.raises(InvalidPrecondition):
        matches(", " * 10_000 + "x", TAG)
