"""What durability costs: 2,000 deliveries pushed by Dougong, beside the same calls in plain httpx, in one run.

Both send the same bodies with the same number of threads to the same server: a stub that answers at once, and the
Kingdee sandbox. Dougong's side is the whole product: every document is settled and booked, its delivery claimed,
mapped, frozen, saved, read back and submitted, with a synced commit before the first byte and after each answer. They
take turns, round by round, each round with documents of its own in the one growing ledger; figures are medians.

* `ratio_to_httpx`: seconds that httpx takes for the calls, divided by the seconds from accepted documents to vouchers
  that are delivered: opening (the booking is derived) and delivering, as `dougong push` does both. The goal: 0.9.
* `ratio_with_accept`: the same with reading and accepting the file of documents, too.
* `cpu_ratio`: the same as `ratio_to_httpx` in seconds of processor time; a busy machine spoils it less.

On the sandbox the second time the same vouchers are submitted it refuses, as the ERP would: httpx's calls are a little
cheaper there.

    python bench/push.py [--documents N] [--threads N] [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx

from dougong.flow import Project, read_files, take_in, work
from dougong.ledger import views
from dougong_sdk.sandbox import launch

HERE = Path(__file__).parent
#: The calls of a push, as (path, body); asking takes them off the list.
Sent = Callable[[], list[tuple[str, str]]]


@attrs.frozen
class Round:
    """Seconds of one round: accepting, delivering, and the same calls in httpx; `cpu`: processor time."""

    accepting: float
    delivering: float
    httpx: float
    delivering_cpu: float
    httpx_cpu: float
    calls: int


def main() -> None:
    """Run both rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=2000, help="deliveries of one round")
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    few = min(chosen.documents, 300)
    with launch("kingdee") as sandbox, tempfile.TemporaryDirectory() as folder:
        path = make_project(Path(folder), sandbox.url, chosen.threads)
        with Project(path) as project:
            work(project)  # pulls the master data, which the stub has none of
            real = measure(project, sandbox.url, few, chosen, _Requested(sandbox))
        with _stub() as url:
            config = path / "dougong.toml"
            config.write_text(config.read_text("utf-8").replace(sandbox.url, url), "utf-8")
            with Project(path) as project:
                stub = measure(project, url, chosen.documents, chosen, lambda: _sent(url))
    for name, figures in (("stub", stub), ("sandbox", real)):
        told = ", ".join(f"{key} {value}" for key, value in figures.items())
        print(f"{name}: {told}", file=sys.stderr if chosen.json else sys.stdout)
    if chosen.json:
        print(json.dumps({"ratio_to_httpx": stub["ratio_to_httpx"], "stub": stub, "sandbox": real}))


def measure(project: Project, url: str, documents: int, chosen: argparse.Namespace, sent: Sent) -> dict[str, Any]:
    """Push documents to a server and send the same calls again with plain httpx, in turns."""
    threads, name = chosen.threads, str(documents)
    take_turn(project, url, [f"{name}-w{n}" for n in range(threads)], threads, sent)  # statements, imports
    done = [
        take_turn(project, url, [f"{name}-{turn}-{n}" for n in range(documents)], threads, sent)
        for turn in range(chosen.rounds)
    ]

    def middle(figure: Callable[[Round], float]) -> float:
        return statistics.median(map(figure, done))

    return {
        "ratio_to_httpx": round(middle(lambda one: one.httpx / one.delivering), 3),
        "ratio_with_accept": round(middle(lambda one: one.httpx / (one.accepting + one.delivering)), 3),
        "cpu_ratio": round(middle(lambda one: one.httpx_cpu / one.delivering_cpu), 3),
        "deliveries_per_second": round(documents / middle(lambda one: one.delivering)),
        "httpx_deliveries_per_second": round(documents / middle(lambda one: one.httpx)),
        "cpu_ms_per_delivery": round(1000 * middle(lambda one: one.delivering_cpu) / documents, 2),
        "httpx_cpu_ms_per_delivery": round(1000 * middle(lambda one: one.httpx_cpu) / documents, 2),
        "calls_per_delivery": round(middle(lambda one: one.calls) / documents, 2),
        "ratios": [round(one.httpx / one.delivering, 3) for one in done],
        "load": round(os.getloadavg()[0], 1),
    }


def take_turn(project: Project, url: str, numbers: list[str], threads: int, sent: Sent) -> Round:
    """One round: push these documents, then send the same calls with httpx."""
    source = project.folder / "reports.jsonl"
    source.write_text("\n".join(json.dumps(report(number), ensure_ascii=False) for number in numbers), "utf-8")
    sent()
    started = time.perf_counter()
    accepted = take_in(project, read_files(project, [source]))
    ids = [one.document_id for one in accepted if one.document_id]
    taken_in, cpu = time.perf_counter(), time.process_time()
    work(project, only=ids)
    done, cpu_done = time.perf_counter(), time.process_time()
    with project.ledger.read() as connection:
        states = [row["state"] for row in views.deliveries_view(connection, "en", documents=ids)]
    if states.count("delivered") != len(numbers):
        sys.exit(f"not everything was delivered: { {state: states.count(state) for state in set(states)} }")
    calls = sent()
    cpu_before = time.process_time()
    plain = resend(url, calls, threads)
    cpu_plain = time.process_time() - cpu_before
    return Round(taken_in - started, done - taken_in, plain, cpu_done - cpu, cpu_plain, len(calls))


def resend(url: str, calls: list[tuple[str, str]], threads: int) -> float:
    """Seconds that plain httpx takes for the same calls: one shared client, as many threads."""
    waiting = iter(calls)
    lock = threading.Lock()
    base = httpx.URL(url)
    with httpx.Client(limits=httpx.Limits(max_connections=threads), timeout=60, headers=_login(url)) as client:

        def send() -> None:
            while True:
                with lock:
                    call = next(waiting, None)
                if call is None:
                    return
                path, body = call
                answer = client.post(base.copy_with(path=path), content=body.encode())
                answer.raise_for_status()
                json.loads(answer.content)

        workers = [threading.Thread(target=send) for _ in range(threads)]
        started = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return time.perf_counter() - started


def _login(url: str) -> dict[str, str]:
    """A session of the server, where it wants one."""
    path = "Kingdee.BOS.WebApi.ServicesStub.AuthService.ValidateUser.common.kdsvc"
    body = {"parameters": ["65a0c1d2e3f4a5", "demo", "Demo@123", 2052]}
    answer = httpx.post(url + path, json=body).json()
    return {"kdservice-sessionid": answer["KDSVCSessionId"]} if isinstance(answer, dict) else {}


def make_project(folder: Path, url: str, threads: int) -> Path:
    """A project as `dougong init` makes it, with as many threads as the benchmark wants."""
    command = [sys.executable, "-m", "dougong", "init", str(folder / "project"), "--sandbox", f"kingdee={url}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    config = folder / "project" / "dougong.toml"
    text = config.read_text("utf-8")
    config.write_text(f"{text}\n[connections.kingdee.limits]\nconcurrency = {threads}\n", "utf-8")
    return folder / "project"


def report(number: str) -> dict[str, Any]:
    """A report of two lines, one of them with a special invoice."""
    return {
        "source": "bench",
        "tenant": "t",
        "type": "expense",
        "id": f"r{number}",
        "number": f"B{number}",
        "state": "paying",
        "entity": "A01",
        "submitter": "E001",
        "submitter_name": "张三",
        "department": "D02",
        "currency": "CNY",
        "reason": "客户拜访",
        "lines": [
            {"id": "1", "fee_type": "差旅费", "gross": "318.00", "invoices": [{"id": "i1", "share": "318.00"}]},
            {"id": "2", "fee_type": "差旅补贴", "gross": "100.00"},
        ],
        "invoices": [
            {
                "id": "i1",
                "kind": "专票",
                "number": f"F{number}",
                "buyer": "A01",
                "gross": "318.00",
                "net": "300.00",
                "tax": "18.00",
                "rate": "0.06",
                "verified": True,
            }
        ],
        "payees": [{"kind": "employee", "code": "E001", "amount": "418.00"}],
        "events": [{"id": "a", "type": "approved", "on": "2026-11-18"}],
    }


@contextlib.contextmanager
def _stub() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(HERE / "stub.py"), str(port)], cwd=HERE, start_new_session=True)
    url = f"http://127.0.0.1:{port}/k3cloud/"
    try:
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
                break
            time.sleep(0.02)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _sent(url: str) -> list[tuple[str, str]]:
    with urllib.request.urlopen(url.replace("/k3cloud/", "/sent")) as answer:
        return [(path, body) for path, body in json.load(answer)]


class _Requested:
    """What the sandbox was sent since it was last asked."""

    def __init__(self, sandbox: Any) -> None:
        self._sandbox, self._known = sandbox, 0

    def __call__(self) -> list[tuple[str, str]]:
        rows = self._sandbox.requests()
        fresh, self._known = rows[self._known :], len(rows)
        return [(row["path"], row["body"]) for row in fresh]


if __name__ == "__main__":
    main()
