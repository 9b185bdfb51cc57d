"""What both sides run on: a database and a broker of their own on the same servers, and what these keep how safely."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import redis
from psycopg import sql
from sqlalchemy import make_url

from bus.broker.embedded import start_or_adopt

STORE: Final = os.environ.get("LEDGERBUS_BENCH_STORE", "postgresql://postgres@127.0.0.1:5432/postgres")
OWN_REDIS: Final = "redis"
RABBITMQ: Final = "rabbitmq"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one side runs: a private directory, its database ("postgresql://…"), its broker, and their durability."""

    directory: Path
    database: str
    broker: str
    durability: str


@contextmanager
def place(directory: Path, store: str, broker: str) -> Iterator[Place]:
    """A new database on the server `store`, and a broker: "redis" (an own server, synced at every write), "rabbitmq"
    (an own virtual host of the local one) or a URL. All of it is gone afterwards.
    """
    directory.mkdir(parents=True)
    with _database(store) as database, _broker(directory, broker) as url:
        yield Place(directory, database, url, f"{_of_database(database)}; {_of_broker(url)}")


@contextmanager
def _database(server: str) -> Iterator[str]:
    name = f"ledgerbus_bench_{secrets.token_hex(6)}"
    plain = make_url(server).set(drivername="postgresql")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        )
        try:
            yield plain.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _broker(directory: Path, wanted: str) -> Iterator[str]:
    if wanted == OWN_REDIS:
        server = start_or_adopt(directory / "broker")
        try:
            yield server.url
        finally:
            server.stop()
    elif wanted == RABBITMQ:
        with _virtual_host() as url:
            yield url
    else:
        yield wanted


@contextmanager
def _virtual_host() -> Iterator[str]:
    name = f"ledgerbus-bench-{secrets.token_hex(6)}"
    _rabbitmqctl("add_vhost", name)
    try:
        _rabbitmqctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
        yield f"amqp://guest:guest@127.0.0.1:5672/{name}"
    finally:
        _rabbitmqctl("delete_vhost", name)


def _rabbitmqctl(*arguments: str) -> None:
    program = shutil.which("rabbitmqctl")
    if program is None:
        raise RuntimeError("rabbitmqctl is not on PATH: give the URL of a virtual host instead")
    subprocess.run([program, "-q", *arguments], check=True, capture_output=True)  # noqa: S603 - our own arguments


def _of_database(url: str) -> str:
    with psycopg.connect(url) as connection:
        shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("synchronous_commit", "fsync")}
    return "PostgreSQL " + ", ".join(f"{name} {row[0]}" for name, row in shown.items() if row)


def _of_broker(url: str) -> str:
    if url.startswith("amqp"):
        return "RabbitMQ quorum queues, publisher confirms"
    with redis.Redis.from_url(url, decode_responses=True) as client:
        shown = {name: client.config_get(name)[name] for name in ("appendonly", "appendfsync")}
    return "Redis " + ", ".join(f"{name} {value}" for name, value in shown.items())
