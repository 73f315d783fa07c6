"""What became of imports: of vouchers that wait for their job, and of those whose answer was lost."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import attrs

from dougong.hookspecs import Deadline
from dougong.model.messages import Wanted
from dougong.model.outcomes import Absent, CannotTell, Done, Found, NotDone, StatusUpdate, Unknown
from dougong.model.postings import Posting
from dougong.model.problems import DougongError
from dougong_oracle.documents import documents_of
from dougong_oracle.journals import FILE, GROUP
from dougong_oracle.reports import read_report, state_of
from dougong_oracle.session import OracleSession
from dougong_sdk.rest import BadAnswer, RestError

__all__ = ["REQUEST", "Imports"]

#: The correlation that the pod gives: the id of the job that loads the file.
REQUEST = "request"
_SEARCHED = "journalBatches by BatchName, all ledgers, periods and pages"


@attrs.frozen
class Imports:
    """Imports of a pod."""

    session: OracleSession
    deadline: Deadline

    # -- what waits ---------------------------------------------------------------------------------------------------

    def poll(self, waiting: Sequence[Wanted]) -> Iterator[StatusUpdate]:
        """What is known of each import; nothing of one that is at work. One question per import until it has ended."""
        for members in _messages(waiting):
            states = [self._state(request) for request in _values(members[0], REQUEST)]
            if {"done", "failed"} & set(states) and "at work" not in states:
                yield from self._ended(members)
            elif states and set(states) == {"forgotten"}:
                unknown = Unknown("the pod knows of no such job")
                yield from (StatusUpdate(unknown, want.item) for want in members)

    def _state(self, request: str) -> str:
        tree = self.session.imports.details(request, self.deadline)
        if not tree.strip():
            return "forgotten"
        try:
            return state_of(tree)
        except (DougongError, AttributeError, TypeError) as error:
            raise BadAnswer("作业树不可读", "the tree of the job cannot be read") from error

    def _ended(self, members: Sequence[Wanted]) -> Iterator[StatusUpdate]:
        """A group is imported whole or refused whole: those that the report names are refused, the others not done."""
        found = self._by_reference(members)
        missing = [want for want in members if want.reference not in found]
        for want in members:
            there = found.get(want.reference, ())
            if there:  # several of one name are a person's matter: whoever searches tells of all
                several = Unknown(f"{len(there)} batches have the reference {want.reference}")
                yield StatusUpdate(Done(there[0]) if len(there) == 1 else several, want.item)
        if not missing:
            return
        logs = [
            log for request in _values(members[0], REQUEST) for log in self.session.imports.logs(request, self.deadline)
        ]
        report = read_report(logs)
        alone = self.session.settings.target == "invoices"
        if not alone and not report.names([want.reference for want in missing]):  # whose lines are bad cannot be told
            yield from (StatusUpdate(report.outcome(), want.item) for want in missing)
            return
        if alone:  # each stands alone: what is neither there nor named is not known
            yield from (StatusUpdate(report.outcome(want.reference), want.item) for want in missing)
            return
        innocent = NotDone("another voucher of the same file was refused; this one goes again in a new file", after=0.0)
        for want in missing:
            guilty = report.names([want.reference])
            yield StatusUpdate(report.outcome(want.reference) if guilty else innocent, want.item)

    # -- what is unknown ----------------------------------------------------------------------------------------------

    def find(self, wanted: Sequence[Wanted]) -> Iterator[Found | Absent | CannotTell]:
        """Every batch with the reference of each; where there is none, whether that proves anything."""
        for members in _messages(wanted):
            try:
                found = self._by_reference(members)
                doubt = self._doubt(members[0]) if any(want.reference not in found for want in members) else ""
            except RestError as error:
                yield from (CannotTell(want.item, str(error)) for want in members)
                continue
            for want in members:
                yield from (Found(want.item, posting) for posting in found.get(want.reference, ()))
                if want.reference not in found:
                    searched = f"{_SEARCHED}: {want.reference}"
                    yield CannotTell(want.item, doubt) if doubt else Absent(want.item, searched)

    def _doubt(self, want: Wanted) -> str:
        """Why it may be there, or come to be there, although nobody sees it; empty where it is not.

        Only of what was sent. Where the answer was lost, nobody knows the job; but the file is on the content server if
        the import was handed in, and then it is at work until its time is over.
        """
        if want.first_sent is None:
            return ""
        requests = _values(want, REQUEST)
        states = {self._state(request) for request in requests}
        if "at work" in states:
            return "its import is at work"
        if "done" in states:
            return "its import has succeeded, and its journals are not seen (does the user see the ledger?)"
        recent = time.time() - want.first_sent < self.session.settings.import_seconds
        files = _values(want, FILE) if recent and not requests else ()
        arrived = any(self.session.imports.has_file(name, self.deadline) for name in files)
        return "its file has arrived, and its job is not known" if arrived else ""

    def _by_reference(self, members: Sequence[Wanted]) -> dict[str, list[Posting]]:
        """What there is, by reference: of several in one file by their group, else one by one."""
        documents, groups = documents_of(self.session), _values(members[0], GROUP)
        if len(members) > 1 and groups:
            seen: Iterable[Posting] = documents.of_group(groups[0], self.deadline)
        else:
            seen = (one for want in members for one in documents.with_reference(want.reference, self.deadline))
        found: dict[str, list[Posting]] = defaultdict(list)
        for posting in seen:
            found[posting.reference or ""].append(posting)
        return found


def _messages(wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    """Those that travelled in one file together; what was never sent by itself."""
    together: dict[tuple[str, ...], list[Wanted]] = defaultdict(list)
    for want in wanted:
        together[(*_values(want, FILE), *_values(want, GROUP)) or (want.item,)].append(want)
    return list(together.values())


def _values(want: Wanted, kind: str) -> list[str]:
    return [one.value for one in want.correlations if one.kind == kind]
