"""bfloat16 is refused with its reason where it would be slow."""

from __future__ import annotations

import pytest

from workstation.engine import precision
from workstation.engine.precision import refuse_slow_precision, relative_speed
from workstation.errors import RequestError


def features(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(precision, "machine_facts", lambda: {"cpu": {"features": list(names)}})


def test_float32_is_never_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    features(monkeypatch)
    refuse_slow_precision("float32")


def test_a_processor_without_the_instructions_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    features(monkeypatch, "avx2")
    with pytest.raises(RequestError, match="no instructions for bfloat16") as caught:
        refuse_slow_precision("bfloat16")
    assert caught.value.field == "precision"


def test_a_processor_on_which_it_is_slower_refuses_with_the_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    features(monkeypatch, "avx512", "bf16")
    monkeypatch.setattr(precision, "relative_speed", lambda: 0.7)
    with pytest.raises(RequestError, match=r"0\.70 times the speed"):
        refuse_slow_precision("bfloat16")


def test_a_processor_on_which_it_is_faster_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    features(monkeypatch, "amx")
    monkeypatch.setattr(precision, "relative_speed", lambda: 1.8)
    refuse_slow_precision("bfloat16")


def test_the_measured_speed_is_a_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_SIDE", 8)
    assert relative_speed() > 0
