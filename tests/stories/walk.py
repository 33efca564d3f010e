"""The walk through story 4 in the README: `make readme` writes it, a test compares it.

Each stop is a request that the story really made, as a command line, and what it was answered. Long
answers are shortened (…), nothing is made up.
"""

import json
import re
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import uuid5

from tests.stories.normal import DAY, Normal
from tests.workers.system import system
from workers.demo import epoch
from workers.journal import Journal, Step
from workers.people import NAMESPACE, NOA
from workers.stories import withdrawn

README: Final = Path(__file__).parents[2] / "README.md"
BEGIN: Final = "<!-- The walk: written by `make readme`, compared by a test. -->\n"
END: Final = "<!-- The end of the walk. -->\n"
CUT: Final = "…"
AT: Final = re.compile(r"\bat=(\d+)")
WIDTH: Final = 92


@dataclass(frozen=True, slots=True)
class Stop:
    """One step of the story: what to say before it, and what of its answer to show.

    `keep` is a tree of keys; an empty one keeps everything. In a list, `only` chooses the entries
    that have this position, by the name of the step that made it.
    """

    step: str
    says: str
    keep: Mapping[str, Any]
    only: tuple[str, ...] = ()


TOLD: Final = "sam-told-tightened"
NOTIFICATION: Final = str(uuid5(NAMESPACE, "walk/notification"))
EPOCH: Final = str(uuid5(NAMESPACE, "walk/epoch"))
SEQUENCE: Final = 7
"""How the walk tells what is never the same twice: a notification, its log, its place among Sam's.
"""

RECEIPT: Final[Mapping[str, Any]] = {}
STATES: Final[Mapping[str, Any]] = {
    "available": {"now": {}, "basis": {}},
    "released": {"at": {}, "disclosure": {}, "basis": {}},
    "received": {},
    "acknowledged": {},
}
LINE: Final[Mapping[str, Any]] = {
    "position": {},
    "version": {},
    "type": {},
    "by": {},
    "states": STATES,
}

STOPS: Final = (
    Stop(
        "consent-sam",
        "**Noa, the client, lets Sam read** five categories of the record, to plan training, for "
        "half a year. Nobody reads anything without such a fact.",
        RECEIPT,
    ),
    Stop(
        "restricted",
        "**Priya, the physiotherapist, restricts the right knee.** What Sam can act on is in "
        "`terms`; the clinical reason is apart, and Sam will never see it.",
        RECEIPT,
    ),
    Stop(
        "sam-before",
        "**Sam, the trainer, opens the chart** in the gym. First comes the card, at most five "
        "lines. Before these bytes left, a fact said so: `Tandem-Disclosure` is its place in the "
        "log.",
        {
            "identity": {"name": {}},
            "card": {"lines": {"kind": {}, "text": {}}},
            "restrictions": {"restriction": {}, "version": {}, "to_acknowledge": {}},
            "not_shared": {},
        },
    ),
    Stop(
        "acknowledged",
        "**Sam has understood it**, and names the version displayed (`If-Match`) and the very "
        "disclosure that showed it.",
        RECEIPT,
    ),
    Stop(
        "withdrawn",
        "**On Wednesday, Noa withdraws.** The answer is the proof: the last disclosure on this "
        "consent, none after it, and the card that Sam's phone may still hold until its lease "
        "ends.",
        {
            "withdrawn_at": {},
            "checked_to": {},
            "readers": {
                "reader": {},
                "disclosures": {},
                "last_disclosure": {},
                "released_after_withdrawal": {},
                "outstanding_copies": {},
            },
        },
    ),
    Stop(
        "sam-after",
        "**Sam opens the chart again.** Who is due to train somebody sees how to do it safely, "
        "whatever was withdrawn, and nothing else: no name, no reason.",
        {
            "card": {"lines": {"kind": {}, "text": {}}},
            "restrictions": {"version": {}, "safety_minimum": {"severity": {}, "stop_signs": {}}},
            "not_shared": {},
        },
    ),
    Stop(
        "tightened",
        "**On Thursday, Priya tightens the limits.** Whoever trains Noa has to acknowledge that "
        "anew.",
        RECEIPT,
    ),
    Stop(
        TOLD,
        "**Sam's phone has been listening,** as any subscriber can: here, or over NATS. It is told "
        "that there is something, and nothing of what or of whom. What it missed is sent first.",
        {"id": {}, "data": {"sequence": {}}},
    ),
    Stop(
        f"{TOLD}-opened",
        "**It fetches what the pointer leads to,** through the same door as anything else: what "
        "Sam may see of it now, under a fact of its own.",
        {
            "view": {},
            "restriction": {},
            "version": {},
            "safety_minimum": {"severity": {}, "limits": {"arcs": {}, "loads": {}}},
        },
    ),
    Stop(
        "acknowledged-tightened",
        "**And Sam acknowledges it,** before the next session.",
        RECEIPT,
    ),
    Stop(
        "knowledge-before",
        "**Ada, the auditor, asks what Sam knew the moment before the withdrawal.** For each fact: "
        "was it permitted, and why; was it released, received by a device, acknowledged; by which "
        "disclosure.",
        {"at": {"position": {}}, "known": LINE},
        only=("restricted",),
    ),
    Stop(
        "knowledge-after",
        "**And the moment Priya had tightened the limits:** what is true, and Sam has not been "
        "shown yet.",
        {"at": {"position": {}}, "true_and_not_shown": LINE},
        only=("tightened",),
    ),
    Stop(
        "accesses",
        "**Noa reads who has seen what,** in sentences.",
        {"accesses": {"position": {}, "sentence": {}}},
    ),
)


def walk(journal: Journal) -> str:
    """The walk as Markdown, normalised."""
    steps = {step.name: step for step in retold(journal)}
    answers = {stop.step: _answer(stop, steps) for stop in STOPS}
    headers = {stop.step: _headers(steps[stop.step]) for stop in STOPS}
    requests = [steps[stop.step].request for stop in STOPS]
    asked = [{"position": int(at)} for stop in STOPS for at in AT.findall(steps[stop.step].path)]
    normal = Normal([answers, headers, requests, asked], journal.begun(DAY))
    return "\n".join(_stop(stop, steps[stop.step], answers[stop.step], normal) for stop in STOPS)


def retold(journal: Journal) -> Iterator[Step]:
    """The steps, with the ids of a notification that no demo shares with another told as one."""
    told = next(step for step in journal.steps if step.name == TOLD)
    event = told.answer["data"]
    names = {event["id"]: NOTIFICATION, event["source"].rpartition(":")[2]: EPOCH}
    for step in journal.steps:
        answer = step.answer
        if step is told:
            data = event | {"data": event["data"] | {"sequence": SEQUENCE}}
            answer = {"id": str(SEQUENCE), "event": told.answer["event"], "data": data}
        text = json.dumps([step.path, answer])
        for found, name in names.items():
            text = text.replace(found, name)
        path, answer = json.loads(text)
        yield replace(step, path=path, answer=answer)


def _answer(stop: Stop, steps: Mapping[str, Step]) -> Any:
    places = [steps[name].position for name in stop.only]
    if stop.step == TOLD:
        event = steps[stop.step].answer
        return event | {"data": _kept(event["data"], stop.keep, places)}
    return _kept(steps[stop.step].answer, stop.keep, places)


def _kept(value: Any, keep: Mapping[str, Any], places: list[int]) -> Any:
    """`value` with what `keep` names, and a mark where something was left out."""
    if isinstance(value, list):
        chosen = [v for v in value if not _is_fact(v) or not places or v["position"] in places]
        cut = [CUT] if len(chosen) < len(value) else []
        return [_kept(inner, keep, places) for inner in chosen] + cut
    if not isinstance(value, dict) or not keep:
        return value
    kept = {name: _kept(value[name], keep[name], places) for name in keep if name in value}
    return kept | ({CUT: CUT} if len(kept) < len(value) else {})


def _is_fact(value: Any) -> bool:
    return isinstance(value, dict) and "states" in value


def _headers(step: Step) -> dict[str, Any]:
    named = {"disclosure": "tandem-disclosure", "position": "tandem-position"}
    return {key: int(step.headers[name]) for key, name in named.items() if name in step.headers}


def _stop(stop: Stop, step: Step, answer: Any, normal: Normal) -> str:
    lines = [f"HTTP/1.1 {step.status} {HTTPStatus(step.status).phrase}"]
    for key, position in _headers(step).items():
        lines.append(f"Tandem-{key.title()}: {normal.position(position)}")
    if stop.step == TOLD:
        lines.append(f"Content-Type: {step.headers['content-type'].partition(';')[0]}")
        data = json.dumps(normal.value(answer["data"]), ensure_ascii=False)
        body = f"id: {answer['id']}\nevent: {answer['event']}\ndata: {data}"
    else:
        body = pretty(normal.value(answer))
    body = body.replace(f'"{CUT}": "{CUT}"', CUT).replace(f'"{CUT}"', CUT)
    shown = "\n".join((*lines, "", body))
    return f"{stop.says}\n\n```sh\n{_command(step, normal)}\n```\n\n```http\n{shown}\n```\n"


def _command(step: Step, normal: Normal) -> str:
    path = AT.sub(lambda at: f"at={normal.position(int(at[1]))}", step.path)
    here = f"/clients/{NOA.id}"
    url = f"$NOA{path.removeprefix(here)}" if path.startswith(here) else f"$TANDEM{path}"
    sent = dict(step.sent)
    endless = ""
    if step.name == TOLD:
        endless, sent["Last-Event-ID"] = "-N ", str(SEQUENCE - 1)
    words = [f"as {step.who} {endless}" + (f'"{url}"' if "?" in url else url)]
    words += [f"-H '{name}: {value}'" for name, value in sent.items()]
    words += ["-X PUT"] if step.method == "PUT" else []
    if step.request is not None:
        words.append(f"--json '{pretty(normal.value(step.request))}'")
    return " \\\n  ".join(words)


def pretty(value: Any, indent: int = 0) -> str:
    """JSON with as much on a line as is easily read."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        lines = [f'{inner}"{k}": {pretty(v, indent + 2)}' for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{' ' * indent}}}"
    if all(isinstance(each, str) for each in value):
        filled = textwrap.wrap(flat[1:-1], WIDTH - indent - 2, break_long_words=False)
        lines = [inner + line.removesuffix(",") for line in filled]
    else:
        lines = [inner + pretty(each, indent + 2) for each in value]
    return "[\n" + ",\n".join(lines) + f"\n{' ' * indent}]"


def written(readme: str, walked: str) -> str:
    """The README with this walk in it."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{walked}\n{END}{after}"


def main() -> None:
    """Tell the stories on a system of their own, and write the walk into the README."""
    with tempfile.TemporaryDirectory() as folder, system(Path(folder) / "state") as running:
        running.start()
        told = running.state / "demo" / epoch(running.running.service_url)
        walked = walk(Journal(told / f"{withdrawn.SLUG}.jsonl"))
    README.write_text(written(README.read_text("utf-8"), walked), "utf-8")


if __name__ == "__main__":
    main()
