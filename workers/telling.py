"""Tells a story over HTTP, as its people would, each step once."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from workers.failed import Failed
from workers.journal import Journal, Step
from workers.people import Person

PATIENCE_SECONDS = 30.0
"""How long a step waits for an API that is away, or says 503."""

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
        return self._journal.write(
            Step(name, who.slug, method, path, body, status, kept, answer.json(), headers)
        )

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
