"""What people in the demo do, as requests to the API. Every path that the demo uses is here."""

from datetime import date, timedelta
from typing import Any

from workers.journal import Step
from workers.people import Organisation, Person
from workers.telling import Teller

Json = dict[str, Any]

LICENSED_DAYS = 3 * 365
NOTE = "Invented for the demo. Clinical content is illustrative and no medical advice."


class Clinic:
    """One client's story, told through `teller`. `today` is the day on which it was begun."""

    def __init__(self, teller: Teller, client: Person, today: date) -> None:
        self._teller = teller
        self.client = client
        self.today = today
        self.path = f"/clients/{client.id}"

    def on(self, days: int) -> str:
        """The date so many days after the story was begun."""
        return (self.today + timedelta(days=days)).isoformat()

    def at(self, days: int, hour: int = 9) -> str:
        """A time on that day."""
        return f"{self.on(days)}T{hour:02}:00:00Z"

    def reads(self, who: Person, name: str, path: str = "") -> Step:
        """`who` opens the client's chart, or a page below it."""
        return self._teller.reads(who, name, self.path + path)

    def asks(self, who: Person, name: str, path: str) -> Step:
        """`who` opens a page that is not below the client's."""
        return self._teller.reads(who, name, path)

    def does(
        self,
        who: Person,
        name: str,
        path: str,
        body: Json,
        *,
        seen: int | None = None,
        method: str = "POST",
    ) -> Step:
        """`who` has something recorded below the client's path."""
        return self._teller.does(who, name, self.path + path, body, seen=seen, method=method)

    def told(self, name: str) -> Step:
        """A step told earlier in the story."""
        return self._teller.told(name)

    def caught_up(self, who: Person, name: str) -> Step:
        """`who` looks at which notifications they have been sent up to now."""
        return self._teller.reads(who, name, "/me/notifications?limit=100")

    def hears(self, who: Person, name: str, item: str, since: Step) -> Step:
        """`who` is notified of a restriction, hold or referral, later than the step `since` (a look
        at what they had been sent, or a notification), and opens what the pointer leads to."""
        after = since.answer["next"] if "next" in since.answer else int(since.answer["id"])
        _, opened = self._teller.hears(
            who,
            name,
            after,
            lambda shown: item in (shown.get("restriction"), shown.get("referral")),
        )
        return opened

    def has(self, who: Person, name: str, heard: Step) -> Step:
        """A device of theirs says that it has the notification."""
        path = f"/me/notifications/{heard.answer['data']['id']}/receipt"
        return self._teller.does(who, name, path, {})

    def receives(self, who: Person, name: str, screen: Step) -> Step:
        """A device of theirs says that it has what was disclosed."""
        return self.does(who, name, f"/disclosures/{screen.position}/receipt", {})

    def takes_along(self, who: Person, name: str) -> Step:
        """`who` takes the card along, to be read without a connection for a day at most."""
        return self._teller.reads(who, name, f"{self.path}/card/offline-copies", {})

    def opens_case(self, auditor: Person, name: str, reason: str) -> Step:
        """An auditor opens the client's content, for a recorded purpose."""
        path = f"/audit/clients/{self.client.id}/cases"
        return self._teller.does(auditor, name, path, {"reason": reason})

    def enrols(self, who: Person, born: date) -> Step:
        """`who` takes the client in, and so joins the team."""
        identity = {"name": self.client.name, "birth_date": born.isoformat()}
        body = {"client": str(self.client.id), "identity": identity, "note": NOTE}
        return self._teller.does(who, "enrolled", "/clients", body)

    def joins(self, by: Person, who: Person) -> Step:
        """`by` brings `who` onto the team."""
        body: Json = {"practitioner": str(who.id), "discipline": who.acting_as.value}
        if who.organisation:
            body["organisation"] = str(who.organisation.id)
        return self.does(by, f"joined-{who.slug}", "/team", body)

    def terms(self, to: Person, categories: str, purpose: str, days: int = 180) -> Json:
        """Terms of a consent to one practitioner, from now on for so many days."""
        return {
            "grantee": {"kind": "practitioner", "practitioner": str(to.id)},
            "categories": categories.split(),
            "purposes": [purpose],
            "until": self.at(days, 0),
        }

    def previews(self, terms: Json, name: str) -> Step:
        """The client looks at what these terms would let their grantee see."""
        path = f"{self.path}/consents/preview"
        return self._teller.reads(self.client, name, path, {"terms": terms})

    def grants(self, terms: Json, name: str) -> Step:
        """The client permits reading on these terms."""
        return self.does(self.client, name, "/consents", {"terms": terms})

    def withdraws(self, consent: Step, name: str, reason: str) -> Step:
        """The client withdraws a consent, having seen it as it was granted."""
        path = f"/consents/{consent.id('consent')}/withdrawal"
        return self.does(self.client, name, path, {"reason": reason}, seen=consent.version)

    def imposes(
        self,
        who: Person,
        name: str,
        terms: Json,
        clinical_reason: str,
        *,
        effective: str | None = None,
    ) -> Step:
        """`who` says what the client must not do, and (apart from it) why."""
        body = {"terms": terms, "clinical_reason": clinical_reason}
        path = f"{self.path}/restrictions"
        return self._teller.does(who, name, path, body, effective=effective)

    def modifies(self, who: Person, name: str, restriction: str, terms: Json, *, seen: int) -> Step:
        """`who` puts other terms in the place of those they saw."""
        path = f"/restrictions/{restriction}/terms"
        return self.does(who, name, path, {"terms": terms}, seen=seen, method="PUT")

    def acknowledges(self, who: Person, name: str, restriction: str, screen: Step) -> Step:
        """`who` has understood a restriction, in the version that `screen` showed them: their
        chart, or what a notification led to."""
        shown = next(
            one
            for one in screen.answer.get("restrictions", [screen.answer])
            if one["restriction"] == restriction
        )
        path = f"/restrictions/{restriction}/acknowledgements"
        body = {"disclosed_at": screen.position}
        return self.does(who, name, path, body, seen=shown["version"])

    def assesses(self, who: Person, name: str, body: Json) -> Step:
        """`who` starts an assessment: the form that both lanes fill."""
        return self.does(who, name, "/assessments", body)

    def records(self, who: Person, name: str, assessment: Step, part: str, body: Json) -> Step:
        """`who` adds to a part of it what they measured and found."""
        path = f"/assessments/{assessment.id('assessment')}/parts/{part}"
        return self.does(who, name, path, body)

    def refers(self, who: Person, name: str, body: Json) -> Step:
        """`who` proposes a referral to the client."""
        return self.does(who, name, "/referrals", body)

    def follows(
        self, who: Person, name: str, referral: Step, what: str, body: Json, *, seen: Step
    ) -> Step:
        """`who` decides on a referral, having `seen` it as that step left it."""
        path = f"/referrals/{referral.id('referral')}/{what}"
        return self.does(who, name, path, body, seen=seen.version)


def founds(teller: Teller, administrator: Person, what: Organisation) -> None:
    """The administrator takes an organisation into the directory."""
    body = {"organisation": str(what.id), "name": what.name}
    teller.does(administrator, f"founded-{what.slug}", "/organisations", body)


def register(teller: Teller, administrator: Person, who: Person, today: date) -> None:
    """The administrator takes somebody into the directory, and notes a licence if one is needed."""
    profile: Json = {"name": who.name, "disciplines": [who.acting_as.value], "languages": ["en"]}
    if who.organisation:
        profile["organisation"] = str(who.organisation.id)
    body = {"person": str(who.id), "profile": profile}
    teller.does(administrator, f"registered-{who.slug}", "/practitioners", body)
    if who.licence:
        until = today + timedelta(days=LICENSED_DAYS)
        licence = {
            "discipline": who.acting_as.value,
            "body": "Demo college",
            "number": who.licence,
            "valid_until": f"{until.isoformat()}T00:00:00Z",
        }
        path = f"/practitioners/{who.id}/credentials"
        teller.does(administrator, f"licensed-{who.slug}", path, licence)
