"""What durability costs: 2,000 deliveries pushed by Dougong, beside the same calls in plain httpx, in one run.

Both send the same bodies with the same number of threads to the same server: first a stub that answers at once, then the
Kingdee sandbox. Dougong's side is the whole product: every document is settled, booked, mapped, frozen, saved, read back and
submitted, with a synced commit before the first byte and after each answer. The figure is Dougong's rate divided by httpx's;
the goal: 0.9.

    python bench/push.py [--documents N] [--threads N] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from dougong.flow import Project, read_files, take_in, work
from dougong.ledger import views
from dougong_sdk.sandbox import launch

HERE = Path(__file__).parent


def main() -> None:
    """Run both rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with _stub() as url:
        stub = measure(url, chosen.documents, chosen.threads, lambda: _sent(url))
    with launch("kingdee") as sandbox:
        few = min(chosen.documents, 500)
        row = measure(sandbox.url, few, chosen.threads, lambda: _requested(sandbox))
    for name, figures in (("stub", stub), ("sandbox", row)):
        told = ", ".join(f"{key} {value}" for key, value in figures.items())
        print(f"{name}: {told}", file=sys.stderr if chosen.json else sys.stdout)
    if chosen.json:
        print(json.dumps({"ratio_to_httpx": stub["ratio"], "ratio_on_sandbox": row["ratio"], "stub": stub, "sandbox": row}))


def measure(url: str, documents: int, threads: int, sent: Any) -> dict[str, Any]:
    """Push documents to a server, then send the same calls again with plain httpx."""
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder), url, threads)
        source = Path(folder) / "reports.jsonl"
        source.write_text("\n".join(json.dumps(report(n), ensure_ascii=False) for n in range(documents)), "utf-8")
        with Project(project) as opened:
            work(opened)  # master data and everything imported: a worker that runs all day has them
            before = len(sent())
            started = time.perf_counter()
            accepted = take_in(opened, read_files(opened, [source]))
            taken_in = time.perf_counter()
            work(opened, only=[one.document_id for one in accepted if one.document_id])
            done = time.perf_counter()
            with opened.ledger.read() as connection:
                states = [row["state"] for row in views.deliveries_view(connection, "en")]
    assert states.count("delivered") == documents, {state: states.count(state) for state in set(states)}
    calls = sent()[before:]
    plain = resend(url, calls, threads)
    return {
        "ratio": round(plain / (done - taken_in), 3),
        "ratio_with_accept": round(plain / (done - started), 3),
        "deliveries_per_second": round(documents / (done - taken_in)),
        "httpx_deliveries_per_second": round(documents / plain),
        "calls_per_delivery": round(len(calls) / documents, 2),
        "accept_seconds": round(taken_in - started, 2),
    }


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


def report(number: int) -> dict[str, Any]:
    """A report of two lines, one of them with a special invoice."""
    return {
        "source": "bench",
        "tenant": "t",
        "type": "expense",
        "id": f"r{number}",
        "number": f"B{number:06d}",
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
                "id": "i1", "kind": "专票", "number": f"{number:020d}", "buyer": "A01", "gross": "318.00", "net": "300.00",
                "tax": "18.00", "rate": "0.06", "verified": True,
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


def _requested(sandbox: Any) -> list[tuple[str, str]]:
    return [(row["path"], row["body"]) for row in sandbox.requests()]


if __name__ == "__main__":
    main()
