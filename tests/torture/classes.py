"""The classes of torture, by the names that the command takes: what each tries, in a sentence, and its parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.support.every_tool import TOOLS
from tests.support.unit_kinds import UNIT_KINDS
from tests.support.unit_runs import OBJECTS
from tests.torture import (
    client,
    content,
    files,
    graph,
    processes,
    properties,
    secrets,
    soak,
    sockets,
    stages,
    store,
    supply,
    units,
)
from tests.torture.content import PAYLOADS
from tests.torture.hostile_bodies import FAULTS, HEAVY
from tests.torture.messages import MESSAGES
from tests.torture.trial import Trial, Trials

Part = Callable[[bool], Trials]


@dataclass(frozen=True)
class Torture:
    """`what` is a sentence for the page; its figures come from the tables that the parts go through."""

    title: str
    what: str
    parts: tuple[Part, ...]


@dataclass
class Outcome:
    tried: int = 0
    failed: list[Trial] = field(default_factory=list)
    seconds: float = 0.0


CLASSES: Mapping[str, Torture] = {
    "graph": Torture(
        "Hostile Graph",
        f"each of {len(TOOLS)} tools against each of {len(FAULTS)} faulty answers (statuses, error codes, bodies,"
        " headers, broken connections, redirects), at every request, at all but the first, or at the writes before or"
        f" after they were done; {len(HEAVY)} answers of up to 100 MB and gzip bombs with the memory measured; one byte"
        f" a second; {len(sockets.WIRE)} ways to break off, cut, flood and lie on a real connection",
        (graph.faults, graph.heavy, graph.slow, sockets.sockets),
    ),
    "client": Torture(
        "Hostile client",
        f"{len(MESSAGES)} wrong messages in both eras, random noise, 10 MB arguments, up to 1,000 calls at once,"
        " cancellation, signals, and the end of input at many moments, each to a real process; each tool cancelled"
        f" at its first {stages.STAGES} requests, before and after Graph answered, and while a person is asked",
        (client.messages, client.noise, client.crowd, client.endings, client.slow, stages.stages),
    ),
    "content": Torture(
        "Hostile content",
        f"{len(PAYLOADS)} texts (instructions, tool calls, control characters, Unicode tags, overrides, pictures, long"
        " ones) in every text of Graph's answers and errors, through each tool: results, notes, questions, logs",
        (content.content,),
    ),
    "secrets": Torture(
        "Secrets",
        f"canaries as token, app secret and Page tokens, through each tool with {len(secrets.FAULTS)} answers that"
        " speak them out, commands and served processes: in no answer, question, log, file, `repr`, traceback or"
        " command line",
        (secrets.secrets,),
    ),
    "files": Torture(
        "Files",
        "upload paths that lead out or to devices, pipes and links, a file swapped while it is opened, export names,"
        " system calls that fail with seven errors, each file of the state damaged in"
        f" {len(files.DAMAGES)} ways",
        (files.uploads, files.exports, files.disk, files.damaged),
    ),
    "processes": Torture(
        "Two processes",
        f"two servers on one state directory make the same {processes.KEYS} campaigns with the same keys, one is killed"
        " at a random moment, a third makes them again: one object each, one journal",
        (processes.processes,),
    ),
    "supply": Torture(
        "Supply chain",
        "each line of requirements.lock names one version; what is installed with the server is of that version and of"
        f" a licence that allows it; {len(supply.SECRETS)} kinds of secrets looked for in what each commit changed",
        (supply.supply,),
    ),
    "safety": Torture(
        "Safety",
        f"{len(properties.PROPERTIES)} properties of writes, {properties.EXAMPLES} drawn examples a trial, for"
        f" {properties.SECONDS_EACH / 60:.0f} minutes each: no request names an object of a foreign account, no state"
        " violates the policy, no question leaves out what is sent",
        (properties.properties,),
    ),
    "units": Torture(
        "Bulk changes",
        f"{len(UNIT_KINDS)} kinds of bulk changes of about {OBJECTS} objects, killed at each request before and after"
        " Graph did the work, and with each answer lost: the repeated call leaves the account as one uninterrupted run",
        (units.units,),
    ),
    "store": Torture(
        "Local store",
        f"a sync of {store.MANY} accounts with structure and {len(store.BREAKDOWNS)} breakdowns, killed at each request"
        " before and after Graph answered, and killed again: it ends equal to an undisturbed one; no room on the disk"
        f" at each of {len(store.DISK_CALLS)} kinds of calls and for files of {len(store.FILE_LIMITS)} sizes; each file"
        f" of the store damaged in {len(store.DAMAGES)} ways; two processes that sync and one that queries: no partial"
        " file",
        (store.kills, store.full_disks, store.damages, store.processes),
    ),
    "soak": Torture(
        "Soak",
        "mixed calls over stdio to one process: the answer of each, flat memory, no descriptor more, steady latency",
        (soak.soak,),
    ),
}


def run(torture: Torture, full: bool) -> Outcome:
    """All trials of a class, one after the other."""
    outcome, started = Outcome(), time.monotonic()
    for part in torture.parts:
        for trial in part(full):
            outcome.tried += 1
            if trial[1] is not None:
                outcome.failed.append(trial)
    outcome.seconds = time.monotonic() - started
    return outcome
