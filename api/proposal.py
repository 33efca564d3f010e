"""Bodies of commands: the fields of the fact that they ask for, declared nowhere but in the fact.

`Annotated[Proposal, Of(RestrictionImposed, without=("restriction",))]` is, to FastAPI and to
OpenAPI, a model with all other fields of that fact; what the path or we ourselves say is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ConfigDict, GetCoreSchemaHandler, create_model
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from domain.fact import Value


class Proposal(Value):
    """What a caller proposes. Its fields are those of a fact, and are named as a decision's are."""

    model_config = ConfigDict(title="Proposal")

    def fields(self) -> dict[str, Any]:
        """What the caller said, by name: arguments of a decision, which has the defaults."""
        return {name: getattr(self, name) for name in self.model_fields_set}


@dataclass(frozen=True)
class Of:
    """Marks a Proposal as made of the fields of `fact`, but for those `without`.

    `optional` fields of the fact may be left out by the caller (the decision has a default);
    `also` are fields of no fact that the decision asks for: name → (type, default).
    """

    fact: type[Value]
    without: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    also: Mapping[str, tuple[Any, Any]] = field(default_factory=dict, hash=False)
    examples: tuple[dict[str, Any], ...] = field(default=(), hash=False)

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The schema of the model made of the fact's fields."""
        return handler.generate_schema(self._model())

    def annotated(self) -> Any:
        """The type that an endpoint annotates its body with."""
        return Annotated[Proposal, self]

    def fields(self) -> set[str]:
        """What the caller may say."""
        return (set(self.fact.model_fields) - set(self.without)) | set(self.also)

    def _model(self) -> type[Proposal]:
        unknown = {*self.without, *self.optional} - set(self.fact.model_fields)
        if unknown:
            raise TypeError(f"{self.fact.__name__} has no field {', '.join(sorted(unknown))}")
        chosen: dict[str, Any] = {
            name: (info.rebuild_annotation(), self._default(name, info))
            for name, info in self.fact.model_fields.items()
            if name not in self.without
        } | dict(self.also)
        model = create_model(
            f"{self.fact.__name__}Proposal",
            __base__=Proposal,
            __doc__=self.fact.__doc__,
            **chosen,
        )
        model.model_config["title"] = f"{self.fact.__name__}Proposal"
        if self.examples:
            model.model_config["json_schema_extra"] = {"examples": list(self.examples)}
            model.model_rebuild(force=True)
        return model

    def _default(self, name: str, info: FieldInfo) -> Any:
        return None if name in self.optional else info.default_factory or info.default
