"""Places that are taken for a while: so many for one holder, so many for all."""

from openmedspa.kit.places import Places


def test_one_holder_takes_a_few_places_and_never_all() -> None:
    places = Places(each=2, all_=3)
    with places.taken("one"), places.taken("one"):
        assert not places.has_room("one") and places.has_room("other")
        with places.taken("other"):
            assert not places.has_room("third")
    assert len(places) == 0 and places.has_room("one")
