"""Tells a story over HTTP, as its people would, each step once."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from workers.failed import Failed
from workers.journal import Journal, Step
from workers.people import Person

PATIENCE_SECONDS = 30.0
"""How long a step waits for an API that is away, or says 503; or for a notification."""

STREAM = "/me/notifications/stream"

KEPT_HEADERS = (
    "content-type",
    "tandem-position",
    "tandem-disclosure",
    "tandem-as-of",
    "tandem-held-until",
)


class Teller:
    """Sends the requests of one story. `run` makes its Idempotency-Keys its own.

    `token` gives a person's bearer token. `proceed` is called before each step, and may raise.
    """

    def __init__(
        self,
        http: httpx.Client,
        token: Callable[[Person], str],
        journal: Journal,
        run: str,
        proceed: Callable[[], None] = lambda: None,
    ) -> None:
        self._http = http
        self._token = token
        self._journal = journal
        self._run = run
        self._proceed = proceed

    def reads(self, who: Person, name: str, path: str, given: Any = None) -> Step:
        """`who` looks at something, or (with a body) at what would be so if that were `given`."""
        return self._once(who, name, "GET" if given is None else "POST", path, given, {})

    def does(
        self,
        who: Person,
        name: str,
        path: str,
        body: Any,
        *,
        seen: int | None = None,
        method: str = "POST",
        effective: str | None = None,
    ) -> Step:
        """`who` has something recorded, having `seen` this version of what it is about.

        It holds clinically from `effective`, if not from now.
        """
        headers = {"Idempotency-Key": f"{self._run}-{name}"[:64]}
        if seen is not None:
            headers["If-Match"] = f'"{seen}"'
        if effective is not None:
            headers["Tandem-Effective"] = effective
        return self._once(who, name, method, path, body, headers)

    def hears(
        self, who: Person, name: str, after: int, about: Callable[[Any], bool]
    ) -> tuple[Step, Step]:
        """`who` listens to their notifications from sequence number `after` on, and opens each,
        until one is `about` what they wait for. That one, and what it pointed to."""
        opened = self._journal.find(f"{name}-opened")
        while opened is None:
            heard = self._journal.find(name) or self._event(who, name, after)
            after = heard.answer["data"]["data"]["sequence"]
            path = f"/me/notifications/{heard.answer['data']['id']}"
            found = self._asked(who, f"{name}-opened", "GET", path, None, {})
            if about(found.answer):
                self._journal.write(heard)
                opened = self._journal.write(found)
        return self.told(name), opened

    def told(self, name: str) -> Step:
        """A step that has been told. Raises LookupError for one that has not."""
        step = self._journal.find(name)
        if step is None:
            raise LookupError(f"{name} has not been told yet")
        return step

    def _once(
        self, who: Person, name: str, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> Step:
        told = self._journal.find(name)
        if told is not None:
            return told
        return self._journal.write(self._asked(who, name, method, path, body, headers))

    def _asked(
        self, who: Person, name: str, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> Step:
        self._proceed()
        bearer = {"Authorization": f"Bearer {self._token(who)}"}
        answer = self._send(method, path, body, bearer | headers)
        if answer.status_code >= 400:
            raise Failed(
                f"The demo cannot be told: {name} ({method} {path}, as {who.name}) was answered "
                f"{answer.status_code}: {answer.text}\nTo start afresh: tandem up --reset"
            )
        kept = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        status = answer.status_code
        return Step(name, who.slug, method, path, body, status, kept, answer.json(), headers)

    def _event(self, who: Person, name: str, after: int) -> Step:
        """The first notification after that number: from the stream, whenever it comes."""
        headers = {"Last-Event-ID": str(after)}
        bearer = {"Authorization": f"Bearer {self._token(who)}"}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self._proceed()
            try:
                with self._http.stream(
                    "GET", STREAM, headers=bearer | headers, timeout=PATIENCE_SECONDS
                ) as answer:
                    event = _first_event(answer, deadline)
            except httpx.TransportError:
                event = None
            if event is not None:
                kept = {"content-type": answer.headers["content-type"]}
                status = answer.status_code
                return Step(name, who.slug, "GET", STREAM, None, status, kept, event, headers)
            time.sleep(0.2)
        raise Failed(f"The demo cannot be told: {name}: {who.name} is not notified")

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self._http.request(method, path, json=body, headers=headers)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return answer
            except httpx.TransportError:
                answer = None
            if time.monotonic() > deadline:
                said = answer.text if answer is not None else "nothing"
                raise Failed(f"The API does not answer {method} {path}; it said: {said}")
            self._proceed()
            time.sleep(0.2)


def _first_event(answer: httpx.Response, deadline: float) -> dict[str, Any] | None:
    """The first notification of an event stream; None if it ends without one, or is silent."""
    event: dict[str, Any] = {}
    for line in answer.iter_lines():
        field, _, value = line.partition(": ")
        if field == "data":
            event[field] = json.loads(value)
        elif field in ("id", "event"):
            event[field] = value
        elif not line and event.get("event") == "notification":
            return event
        elif not line:
            event = {}
        if time.monotonic() > deadline:
            return None
    return None
