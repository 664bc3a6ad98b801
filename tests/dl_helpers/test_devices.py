import pytest
import torch

from dl_helpers import devices


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with neither GPU nor override, until a test says otherwise."""
    monkeypatch.delenv("DL_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_the_cpu_where_there_is_no_gpu() -> None:
    assert devices.pick() == devices.pick(allow_mps=True) == torch.device("cpu")


def test_cuda_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.pick().type == devices.pick(allow_mps=True).type == "cuda"


def test_mps_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.pick().type == "cpu"
    assert devices.pick(allow_mps=True).type == "mps"


def test_the_variable_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for name in ("cpu", "cuda", "cuda:1"):
        monkeypatch.setenv("DL_DEVICE", name)
        assert devices.pick() == torch.device(name)
    monkeypatch.setenv("DL_DEVICE", "cuda:2")
    with pytest.raises(ValueError, match="DL_DEVICE is 'cuda:2'"):
        devices.pick()


@pytest.mark.parametrize(("name", "message"), [("cuda", "no such device"), ("mps", "no such"), ("meta", "no such")])
def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    monkeypatch.setenv("DL_DEVICE", name)
    with pytest.raises(ValueError, match=message):
        devices.pick()


def test_a_name_that_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DL_DEVICE", "gpu")
    with pytest.raises(ValueError, match="not 'gpu'"):
        devices.pick()
