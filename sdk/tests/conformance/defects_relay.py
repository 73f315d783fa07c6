"""Defects of the areas CALLBACK, POLL and BATCH, planted in the connector that sends batches and hears of them."""

from __future__ import annotations

_REJECTED = (
    '__import__("dougong.model.outcomes", fromlist=["x"]).Rejected('
    '(__import__("dougong.model.problems", fromlist=["x"]).Problem.of("ACCOUNT_CLOSED", "无", "none"),))'
)
_ASK = 'return Callback(told["id"], ask=(batch,), reply='
_REFUSED = 'raise CallbackRefused("wrong signature", Reply(401, b\'{"received": false}\'))'
_COMPARED = "if not hmac.compare_digest(wanted, signature):"
_TAKEN = '"POST", "api/batches", deadline, body'
_FOR_BATCHES = "for batch, items in asked.items():"
_RESULTS = 'results = {one["externalId"]: one for one in told["results"]}'
_FORGOTTEN = 'Unknown(f"the ERP remembers no batch {batch.value}")'
_SILENT = 'silent = Unknown(f"batch {batch.value} has ended without a word about it")'
_AT_WORK = "            if told is None:"
_TOO_OLD = 'raise CallbackRefused("too old", Reply(401, b\'{"received": false}\'))'

#: (rule, way to try it, what stands in relaying.py, what is planted instead)
_PLANTED = [
    # not in the ERP's own way
    ("CALLBACK-001", "", "Reply(200, b'{\"received\": true}')", "Reply(200, b'ok')"),
    # answered, and nothing comes of it
    ("CALLBACK-001", "", _ASK, 'return Callback(told["id"], reply='),
    # nobody looks at the signature; only at one that is there; what is wrong is told
    ("CALLBACK-002", "forged", _COMPARED, "if not signature:"),
    ("CALLBACK-002", "bare", _COMPARED, "if signature and not hmac.compare_digest(wanted, signature):"),
    (
        "CALLBACK-002",
        "forged",
        _REFUSED,
        'raise CallbackRefused("wrong", Reply(401, self.settings.callback_secret.encode()))',
    ),
    ("CALLBACK-002", "bare", _REFUSED, 'raise CallbackRefused("wrong", Reply(200, b\'{"received": true}\'))'),
    # a name of its own for each time that it comes
    ("CALLBACK-003", "twice", _ASK, 'return Callback(__import__("uuid").uuid4().hex, ask=(batch,), reply='),
    ("CALLBACK-003", "killed", _ASK, 'return Callback(__import__("uuid").uuid4().hex, ask=(batch,), reply='),
    # only of the end it wants to hear
    ("CALLBACK-004", "late", 'told["request"])', '{"done": told["request"]}[told["state"]])'),
    # the first delivery is always meant
    (
        "CALLBACK-005",
        "",
        _ASK,
        'return Callback(told["id"], (StatusUpdate(Waiting(), ItemId("1.0")),), ask=(batch,), reply=',
    ),
    ("CALLBACK-006", "", 'if request.method == "GET":', 'if request.method == "HEAD":'),
    # known only from the answer
    ("CALLBACK-007", "", 'Correlation("request", told["request"])', 'Correlation("batch", told["id"].split("-")[0])'),
    # it will be told anyway
    (
        "CALLBACK-008",
        "",
        _AT_WORK,
        f"{' ' * 12}yield StatusUpdate(Waiting(poll_after=3600.0), correlation=batch)\n{' ' * 12}continue\n{_AT_WORK}",
    ),
    ("CALLBACK-009", "", "call.now.timestamp()", '__import__("time").time()'),
    ("CALLBACK-009", "", _TOO_OLD, f'{_TOO_OLD}\n        __import__("socket").getaddrinfo("localhost", 80)'),
    # a question that failed
    (
        "POLL-001",
        "reset_before_work",
        "continue  # nobody knows; it is asked again",
        f"yield StatusUpdate({_REJECTED}, correlation=batch)\n                continue",
    ),
    # another key each time
    ("POLL-002", "", _TAKEN, f"{_TAKEN}.replace(b'\"DG', b'\"X' + str(id(object())).encode()[-4:])"),
    ("POLL-003", "", "return outcome_of(self._errors.refusal(", 'return Unknown("{} {} {}".format('),
    ("POLL-004", "after the work", _FORGOTTEN, _REJECTED),
    ("POLL-005", "", _FOR_BATCHES, "for batch, items in [one for one in asked.items() for _ in one[1]]:"),
    ("POLL-005", "", 'elif told["state"] == "done":', "else:"),
    # stamped as it leaves
    (
        "BATCH-001",
        "reset_after_work",
        _TAKEN,
        f"""{_TAKEN}.replace(b'{{', b'{{"at":%d,' % __import__("time").time_ns(), 1)""",
    ),
    ("BATCH-001", "answered", _TAKEN, f"""{_TAKEN}.replace(b'{{', b'{{"at":%d,' % __import__("os").getpid(), 1)"""),
    # by place, from the end
    ("BATCH-002", "first", _RESULTS, 'results = dict(zip(items, told["results"][::-1]))'),
    # all of them
    ("BATCH-002", "last", _RESULTS, 'results = dict.fromkeys(items, told["results"][-1])'),
    (
        "BATCH-003",
        "",
        'silent = Unknown(f"batch {batch.value} has ended without a word about it")',
        f"silent = {_REJECTED}",
    ),
    ("BATCH-004", "", "_BATCH = 5", "_BATCH = 6"),
]

DEFECTS = [(rule, cell, "relaying.py", old, new) for rule, cell, old, new in _PLANTED]
