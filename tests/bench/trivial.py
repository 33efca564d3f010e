"""The limit that HTTP rows are held against: a FastAPI route that checks a body and echoes it."""

from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Note(BaseModel):
    """About what a command's body looks like."""

    client: UUID
    reason: str
    severity: str
    patterns: list[str]


@app.post("/notes")
async def note(body: Note) -> Note:
    """Answer with what came."""
    return body
