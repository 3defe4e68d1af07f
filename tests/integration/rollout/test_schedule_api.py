"""The public `/v1/schedule` over HTTP."""

from typing import Any

from tests.integration.rollout.instance import OFF, RAMP, Rollout

JANUARY, FEBRUARY = "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"


async def schedule(rollout: Rollout, name: str) -> list[dict[str, Any]]:
    """The entries of this test's regions, as somebody without a token gets them."""
    answer = await rollout.call("GET", "/v1/schedule", Authorization="")
    assert answer.status == 200
    return [entry for entry in answer.json["regions"] if entry["region"].startswith(name)]


def entry(region: str, state: str, label: str, enforce_at: str | None) -> dict[str, Any]:
    return {"region": region, "state": state, "label": label, "announce_at": None, "enforce_at": enforce_at}


async def test_the_public_sees_regions_in_order_and_nothing_internal(rollout: Rollout, name: str) -> None:
    await rollout.create(name + "-undated")
    await rollout.create(name + "-b", RAMP | {"enforce_at": JANUARY})
    await rollout.create(name + "-later", OFF | {"enforce_at": FEBRUARY})
    await rollout.create(name + "-a", {"mode": "shadow", "reason": "quietly", "enforce_at": JANUARY})
    assert await schedule(rollout, name) == [
        entry(name + "-a", "planned", "Planned", JANUARY),
        entry(name + "-b", "rolling-out", "Begins step by step", JANUARY),
        entry(name + "-later", "planned", "Planned", FEBRUARY),
        entry(name + "-undated", "not-planned", "No date yet", None),
    ]


async def test_a_reader_who_has_the_schedule_gets_304_until_it_changes(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    first = await rollout.call("GET", "/v1/schedule")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    same = await rollout.call("GET", "/v1/schedule", if_none_match=first.headers["ETag"])
    assert (same.status, same.text) == (304, "")
    assert (same.headers["ETag"], same.headers["Cache-Control"]) == (first.headers["ETag"], "public, max-age=60")
    await rollout.change(name, 1, {"mode": "enforced", "reason": "now"})
    changed = await rollout.call("GET", "/v1/schedule", if_none_match=first.headers["ETag"])
    assert changed.status == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


async def test_what_the_public_does_not_see_leaves_the_etag_alone(rollout: Rollout, name: str) -> None:
    await rollout.create(name, RAMP)
    before = (await rollout.call("GET", "/v1/schedule")).headers["ETag"]
    await rollout.change(name, 1, RAMP | {"percent": 5_000})
    assert (await rollout.call("GET", "/v1/schedule")).headers["ETag"] == before


async def test_states_are_told_in_the_readers_language(rollout: Rollout, name: str) -> None:
    await rollout.create(name)
    german = await rollout.call("GET", "/v1/schedule", Accept_Language="fr;q=0.3, de-CH")
    english = await rollout.call("GET", "/v1/schedule", Accept_Language="xx")
    assert [answer.headers["Content-Language"] for answer in (german, english)] == ["de", "en"]
    assert german.headers["Vary"] == "Accept-Language"
    assert german.headers["ETag"] != english.headers["ETag"]
    assert {entry["label"] for entry in german.json["regions"] if entry["region"] == name} == {"Noch kein Termin"}
