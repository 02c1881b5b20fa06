"""The environment is set before TensorFlow is imported, stdout is given back, and the machine is described."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workstation.core.requests import EngineSettings
from workstation.engine.environment import environment_of, keep_to_cores, machine_facts, memory_in_use, physical_cores
from workstation.errors import RequestError


def in_a_fresh_process(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)


def test_onednn_is_always_set_explicitly() -> None:
    assert environment_of(EngineSettings())["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert environment_of(EngineSettings(onednn=False))["TF_ENABLE_ONEDNN_OPTS"] == "0"


def test_no_number_of_threads_means_the_physical_cores() -> None:
    found = environment_of(EngineSettings())
    assert found["TF_NUM_INTRAOP_THREADS"] == found["OMP_NUM_THREADS"] == str(physical_cores())


def test_threads_affinity_and_blocktime_reach_the_environment() -> None:
    settings = EngineSettings(intra_threads=3, inter_threads=2, omp_threads=5, affinity="compact", blocktime_ms=7)
    found = environment_of(settings)
    assert (found["TF_NUM_INTRAOP_THREADS"], found["TF_NUM_INTEROP_THREADS"], found["OMP_NUM_THREADS"]) == (
        "3",
        "2",
        "5",
    )
    assert (found["KMP_AFFINITY"], found["KMP_BLOCKTIME"]) == ("compact", "7")


def test_an_engine_keeps_to_the_cores_it_was_given() -> None:
    first = min(os.sched_getaffinity(0))
    program = """
import json, os
from workstation.core.requests import EngineSettings
from workstation.engine.environment import prepare, physical_cores
with prepare(EngineSettings(cores="%s")):
    found = sorted(os.sched_getaffinity(0)), physical_cores(), os.environ["TF_NUM_INTRAOP_THREADS"]
print(json.dumps(found))
"""
    assert json.loads(in_a_fresh_process(program % first).stdout) == [[first], 1, "1"]


def test_a_numa_node_stands_for_its_cores(tmp_path: Path) -> None:
    first = min(os.sched_getaffinity(0))
    (tmp_path / "node1").mkdir()
    (tmp_path / "node1" / "cpulist").write_text(f"{first},4000-4003\n")
    keeping = "from workstation.engine.environment import keep_to_cores; from pathlib import Path; import os; "
    keeping += f"keep_to_cores('node1', nodes=Path({str(tmp_path)!r})); print(sorted(os.sched_getaffinity(0)))"
    assert in_a_fresh_process(keeping).stdout == f"[{first}]\n"
    with pytest.raises(RequestError, match="no NUMA node7"):
        keep_to_cores("node7", nodes=tmp_path)
    with pytest.raises(RequestError, match="may be used"):
        keep_to_cores("9000-9001")


def test_the_machine_is_described_without_tensorflow() -> None:
    program = "import sys; from workstation.engine.environment import machine_facts; machine_facts(); "
    assert in_a_fresh_process(program + "print('tensorflow' in sys.modules)").stdout == "False\n"
    facts = machine_facts()
    assert facts["cpu"]["physical_cores"] >= 1
    assert 0 < facts["memory"]["available_bytes"] <= facts["memory"]["total_bytes"]


def test_the_peak_is_at_least_what_is_in_use() -> None:
    rss, peak = memory_in_use()
    assert 0 < rss <= peak


@pytest.mark.parametrize("onednn", [True, False])
def test_tensorflow_does_as_it_was_told_and_native_output_stays_off_stdout(onednn: bool) -> None:
    program = f"""
import json, os
from workstation.core.requests import EngineSettings
from workstation.engine.environment import describe, prepare
with prepare(EngineSettings(onednn={onednn}, intra_threads=1, nice=11)):
    os.write(1, b"native noise")
    facts = describe()
print(json.dumps(facts))
"""
    done = in_a_fresh_process(program)
    facts = json.loads(done.stdout)
    assert facts["onednn"] == {"setting": str(int(onednn)), "is_on": onednn}
    assert facts["threads"]["intra"] == 1
    assert facts["threads"]["nice"] >= 11
    assert "native noise" in done.stderr
    assert os.environ.get("KMP_BLOCKTIME") is None or "tensorflow" in sys.modules
