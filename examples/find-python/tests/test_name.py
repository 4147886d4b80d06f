import pytest

from ums_find.name import InvalidName, name_in_path, normal


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        ("KrishnaMohan", "KrishnaMohan"),
        ("Krishna%2FMohan", "Krishna/Mohan"),
        ("a%252Fb%2520c", "a%2Fb%20c"),  # decoded once
        ("%20%09KrishnaMohan%E3%80%80", "KrishnaMohan"),
        ("%C2%85KrishnaMohan%C2%85", "KrishnaMohan"),  # U+0085 is white space
        ("KrishnaMohane%CC%81", "KrishnaMohané"),
        ("KrishnaMohan+x", "KrishnaMohan+x"),  # a path has no + for a space
        ("KrishnaMohan\xc3\xa9", "KrishnaMohané"),  # not encoded at all
        ("%F0%9F%98%80" * 32, "😀" * 32),
        ("%E0%A4%95%E0%A5%8D%E2%80%8D%E0%A4%B7%E0%A4%A4%E0%A5%8D%E0%A4%B0%E0%A4%BF%E0%A4%AF", "क्\u200dषत्रिय"),
    ],
)
def test_a_name_in_a_path(segment, name):
    assert name_in_path(segment) == name


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        ("", "too-short"),
        ("Krishna", "too-short"),
        ("e%CC%81" * 7, "too-short"),  # composed before it is counted
        ("x" * 33, "too-long"),
        ("%F0%9F%98%80" * 33, "too-long"),
        ("Krishna%00Mohan", "forbidden-character"),
        ("%1CKrishnaMohan", "forbidden-character"),  # no white space, though str.strip() takes it for some
        ("Krishna%E2%80%AEMohan", "forbidden-character"),
        ("%EF%BB%BFKrishnaMohan", "forbidden-character"),
        ("KrishnaMohan%EF%BF%BF", "forbidden-character"),
        ("KrishnaMohan%F4%8F%BF%BE", "forbidden-character"),
        ("KrishnaMohan%E9", "encoding"),
        ("KrishnaMohan%C0%AF", "encoding"),
        ("KrishnaMohan%ED%A0%BD", "encoding"),
        ("KrishnaMohan%zz", "encoding"),
        ("KrishnaMohan%2", "encoding"),
    ],
)
def test_no_name(segment, code):
    with pytest.raises(InvalidName) as refused:
        name_in_path(segment)
    assert refused.value.code == code


def test_a_normal_name_stays_as_it_is():
    assert normal(normal("  KrishnaMohane\u0301 ")) == "KrishnaMohané"
