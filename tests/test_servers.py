"""Servers by name, what fits on them, and the file in which users name their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.core.cost import estimate_train_bytes
from workstation.core.network import UNetPlan
from workstation.core.servers import (
    PAPER_SERVERS,
    Server,
    fits,
    largest_batch,
    named_servers,
    parse_server,
)
from workstation.errors import InputError, RequestError
from workstation.io.files import write_json
from workstation.io.server_profiles import read_servers, servers_file

GIB = 2**30


def test_the_papers_servers_are_named_by_their_memory() -> None:
    assert [(each.name, each.memory_bytes // GIB) for each in PAPER_SERVERS] == [
        ("paper-192", 192),
        ("paper-384", 384),
        ("paper-1536", 1536),
    ]


@pytest.mark.parametrize(
    ("text", "name", "amount"),
    [
        ("big=1.5TB", "big", 1536 * GIB),
        ("small = 64 GiB", "small", 64 * GIB),
        ("lab=68719476736", "lab", 64 * GIB),
        ("old=512mb", "old", GIB // 2),
        ("a=2T", "a", 2048 * GIB),
    ],
)
def test_a_server_is_written_as_name_and_amount(text: str, name: str, amount: int) -> None:
    assert parse_server(text) == Server(name, amount)


@pytest.mark.parametrize("text", ["big", "=64GB", "big=", "big=64 parrots", "big=-3", "big=0", "big=1e9"])
def test_what_is_no_server_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_server(text)
    assert caught.value.field == "server"
    assert "NAME=AMOUNT" in caught.value.hint


def test_a_job_fits_where_it_leaves_a_tenth_free() -> None:
    servers = [Server("exact", 1000), Server("one short", 999)]
    found = fits(servers, batch=1, peak_of=lambda batch: 900 * batch)
    assert [fit.fits for fit in found] == [True, False]
    assert found[0].share == 0.9


@pytest.mark.parametrize(
    ("usable", "batch"), [(99, 0), (100, 0), (109, 0), (110, 1), (119, 1), (120, 2), (10 * 7 + 100, 7), (10**9, 1024)]
)
def test_the_largest_batch_is_the_last_that_fits(usable: int, batch: int) -> None:
    assert largest_batch(lambda volumes: 100 + 10 * volumes, usable) == batch


def test_plain_keras_needs_the_largest_server_for_a_batch_of_64() -> None:
    # About 10.3 GB a volume of 240x240x144: 16 are 165 GB, under 90 % of 192 GiB = 186 GB; 64 are 660 GB.
    def plain(batch: int) -> int:
        return estimate_train_bytes(UNetPlan(), (240, 240, 144), batch=batch, mode="plain").peak_bytes

    assert [fit.fits for fit in fits(PAPER_SERVERS, batch=16, peak_of=plain)] == [True, True, True]
    assert [fit.fits for fit in fits(PAPER_SERVERS, batch=64, peak_of=plain)] == [False, False, True]


def test_of_equal_names_the_last_wins_in_the_place_of_the_first() -> None:
    first, second, changed = Server("a", 1), Server("b", 2), Server("a", 3)
    assert named_servers([first, second], [changed]) == (changed, second)


def test_users_name_servers_in_a_file_among_their_settings() -> None:
    assert read_servers() == ()
    write_json(servers_file(), {"lab": "512GB", "cluster": {"memory": "2TB", "cores": 128}, "desk": 16 * GIB})
    assert read_servers() == (
        Server("lab", 512 * GIB),
        Server("cluster", 2048 * GIB, 128),
        Server("desk", 16 * GIB),
    )


@pytest.mark.parametrize(
    "value",
    [None, True, -5, "much", [1], {"cores": 4}, {"memory": "1GB", "cores": "4"}, {"memory": "1GB", "disk": 3}, 1.5],
)
def test_a_bad_entry_is_an_input_error_that_names_the_file(tmp_path: Path, value: object) -> None:
    path = tmp_path / "servers.json"
    write_json(path, {"lab": value})
    with pytest.raises(InputError) as caught:
        read_servers(path)
    assert caught.value.path == path
    assert str(path) in caught.value.message
