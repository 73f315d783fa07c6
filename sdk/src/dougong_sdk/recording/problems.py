"""What can be wrong with a recording."""

from __future__ import annotations

from dougong.model.problems import DougongError, Problem

__all__ = ["invalid", "unexpected"]


def invalid(where: str, zh: str, en: str) -> DougongError:
    """A folder, file or schema that cannot be used."""
    return DougongError(Problem.of("RECORDING_INVALID", f"录制 {where}: {zh}", f"recording {where}: {en}", path=where))


def unexpected(where: str, asked: str, differs: tuple[str, str], following: tuple[str, str]) -> DougongError:
    """A request that a recording has no answer for.

    :param asked: the request, without secrets. :param differs: from the nearest one that is left, if one is near.
    :param following: what the recording holds next.
    """
    return DougongError(
        Problem.of(
            "REPLAY_UNEXPECTED",
            f"录制 {where} 中没有 {asked} 的应答{differs[0]}; 录制中接下来是: {following[0]}",
            f"recording {where} has no answer to {asked}{differs[1]}; it holds next: {following[1]}",
            hint_zh="请求变了就重新录制; 每次都不同的内容请列入 volatile",
            hint_en="record again if requests have changed; list what differs each time as volatile",
        )
    )
