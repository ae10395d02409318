"""What a key looks like: its environment, its checksum, and what of it is kept. Pure."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmedspa.partners import keys
from openmedspa.partners.keys import Environment


@pytest.mark.parametrize(("environment", "prefix"), [("production", "oms_live_"), ("staging", "oms_test_")])
def test_a_new_key_names_its_environment_and_is_well_formed(environment: Environment, prefix: str) -> None:
    made = {keys.new(environment) for _ in range(100)}
    assert len(made) == 100
    assert all(key.startswith(prefix) and len(key) == 45 and keys.is_well_formed(key) for key in made)
    assert {keys.environment_of(key) for key in made} == {environment}


@given(st.integers(0, 44), st.sampled_from(string.digits + string.ascii_letters + "_!é"))
def test_one_mistyped_character_is_noticed(place: int, character: str) -> None:
    key = keys.with_checksum("oms_test_" + "GlowEmr".ljust(30, "1"))
    typed = key[:place] + character + key[place + 1 :]
    assert keys.is_well_formed(typed) is (typed == key)


@given(st.text(max_size=60))
def test_no_text_breaks_the_check(text: str) -> None:
    assert keys.is_well_formed(text) is False


def test_what_is_kept_of_a_key_is_its_sha_256() -> None:
    assert keys.digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
