"""How a person is reached, be they a client, a practitioner or somebody to call."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from domain.fact import Value

PersonName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Phone = Annotated[
    str,
    StringConstraints(pattern=r"^\+?[0-9][0-9 ().\-]{2,29}$"),
    Field(description="Digits, spaces, dots, hyphens and brackets; `+` first if international."),
]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")]
Language = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"),
    Field(description="BCP 47 tag, such as `en` or `fr-CA`."),
]
Address = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("each only once")
    return names


Languages = Annotated[tuple[Language, ...], Field(max_length=20), AfterValidator(_distinct)]


class Contact(Value):
    """Phone, mail and postal address: at least one of them."""

    phone: Phone | None = None
    email: Email | None = None
    address: Address | None = None

    @model_validator(mode="after")
    def _reachable(self) -> "Contact":
        if self.phone is None and self.email is None and self.address is None:
            raise ValueError("give a phone, an email or an address")
        return self


class EmergencyContact(Value):
    """Whom to call when something happens to the client."""

    name: PersonName
    phone: Phone
    relation: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
