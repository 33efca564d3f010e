"""The `tandem` command (also `python -m workers`)."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import psycopg
import typer
from eventsourcing.persistence import PersistenceError

from deploy.issuer import DemoIssuer, OnlyInDemo
from deploy.nats_accounts import accounts, open_nats_secrets
from deploy.settings import WrongSettings, load_settings
from domain.lanes import Discipline
from workers import status as statuses
from workers.bootstrap import bootstrap
from workers.catalogue import catalogue as catalogue_of_facts
from workers.demo import seed
from workers.display import Display
from workers.epoch import open_new_epoch
from workers.failed import Exit, Failed
from workers.here import connected, settings_here, state_folder
from workers.lists import make_lists
from workers.people import find
from workers.rebuild import rebuild_lists, require_list
from workers.supervisor import up as run_until_asked

app = typer.Typer(
    name="tandem",
    help="The care record that a client's practitioners share, with proof of who knew what when.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

AsData = Annotated[bool, typer.Option("--json", help="Print data instead of words.")]


@app.command()
def up(
    reset: Annotated[
        bool, typer.Option("--reset", help="Start afresh: delete what the demo stored.")
    ] = False,
) -> None:
    """Start everything, keep it running, and stop it cleanly on Ctrl-C or SIGTERM."""
    with saying_what_to_do():
        run_until_asked(load_settings(), Display(), seed, reset=reset)


@app.command()
def token(
    person: Annotated[str, typer.Argument(help="One of the demo's people, as in `priya`.")],
    acting_as: Annotated[
        Discipline | None, typer.Option(help="In which discipline, if they hold several.")
    ] = None,
    as_data: AsData = False,
) -> None:
    """Print a bearer token for one of the demo's people (demo profile only)."""
    with saying_what_to_do():
        someone = find(person)
        issuer = DemoIssuer(settings_here())
        issued = issuer.issue(someone.id, acting_as or someone.acting_as, datetime.now(UTC))
        data = {"person": str(someone.id), "name": someone.name, "token": issued}
        typer.echo(json.dumps(data) if as_data else issued)


@app.command()
def rebuild(
    list_name: Annotated[
        str | None, typer.Argument(metavar="[LIST]", help="Which list; all if left out.")
    ] = None,
    as_data: AsData = False,
) -> None:
    """Fill lists anew from the log, while the old ones are still being read."""
    with saying_what_to_do():
        require_list(list_name)
        # Data goes to standard output, where the bar must not be in its way.
        display = Display.on(sys.stderr)
        with connected() as (settings, urls):
            positions = rebuild_lists(urls.projector_url, make_lists(settings), list_name, display)
        if as_data:
            typer.echo(json.dumps({"lists": positions}))


@app.command()
def status(as_data: AsData = False) -> None:
    """Say what runs, and how far the lists are behind the log."""
    with saying_what_to_do():
        found = statuses.find_status(state_folder())
        if as_data:
            typer.echo(json.dumps(found.as_data()))
        else:
            statuses.show(found, Display())
        raise typer.Exit(found.code)


@app.command()
def bootstrap_administrator(
    name: Annotated[str, typer.Argument(help="The administrator's name.")],
    person: Annotated[
        UUID, typer.Option("--id", help="Their id: the `sub` of the tokens they sign in with.")
    ],
    as_data: AsData = False,
) -> None:
    """Register the first administrator, who registers everybody else. Refused once there is one."""
    with saying_what_to_do():
        with connected() as (settings, urls):
            position = bootstrap(settings, urls, person, name)
        said = f"{name} is an administrator now, by log position {position}."
        typer.echo(json.dumps({"person": str(person), "position": position}) if as_data else said)


@app.command()
def open_epoch(
    why: Annotated[str, typer.Argument(help="What happened: `restored a backup`, say.")],
    as_data: AsData = False,
) -> None:
    """After a restore or failover, and before the next start: open a new epoch of the log."""
    with saying_what_to_do():
        epoch = open_new_epoch(settings_here(), why)
        said = f"The log is in a new epoch, {epoch}: positions before it keep the old one."
        typer.echo(json.dumps({"epoch": str(epoch)}) if as_data else said)


@app.command()
def nats_accounts() -> None:
    """Print what a NATS server of your own must be configured with. It holds two passwords."""
    with saying_what_to_do():
        typer.echo(accounts(open_nats_secrets(settings_here().secrets_dir)), nl=False)


@app.command()
def catalogue(
    to: Annotated[Path | None, typer.Option(help="Write it there instead of printing it.")] = None,
) -> None:
    """Print the catalogue of facts, generated from their declarations."""
    text = catalogue_of_facts()
    if to is None:
        typer.echo(text, nl=False)
    else:
        to.write_text(text, "utf-8")


@contextmanager
def saying_what_to_do() -> Iterator[None]:
    """End with one clear message and its exit code where something cannot be done."""
    # Said in our own words below; the pool's thread would say it again, between them.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    try:
        yield
    except Failed as failed:
        _end(str(failed), failed.code)
    except WrongSettings as wrong:
        _end(str(wrong), Exit.USAGE)
    except OnlyInDemo as refused:
        _end(str(refused), Exit.REFUSED)
    except (psycopg.OperationalError, PersistenceError) as error:
        _end(f"PostgreSQL cannot be asked ({error}). See `tandem status`.", Exit.FAILED)


def _end(message: str, code: Exit) -> None:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def main() -> None:
    """The entry point."""
    app()
