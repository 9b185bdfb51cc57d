"""A TCP proxy that can go silent, slow, away or half deaf, in a thread of its own; put it before any server."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

_CHUNK: Final = 65536


class Proxy:
    """Forwards `host`:`port` to `target`, (host, port) or the path of a Unix socket. Use as a context manager."""

    def __init__(self, target: tuple[str, int] | str, host: str = "127.0.0.1") -> None:
        self._target = target
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._delay = 0.0
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop.call_soon_threadsafe(self._flowing.set)
        self._wait(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.away()
        self._wait(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def stall(self) -> None:
        """Black hole: connections stay open and new ones are taken, and no byte goes through."""
        self._call(self._flowing.clear)

    def forget(self) -> None:
        """Half-open: connections that are open stay so, and never carry a byte again; new ones work."""
        self._call(self._abandon)

    def slow(self, seconds: float) -> None:
        """Hold each piece of data back for so long."""
        self._call(lambda: setattr(self, "_delay", seconds))

    def flow(self) -> None:
        """Everything goes through again, also what was held back."""
        self._call(self._flowing.set)
        self.slow(0)

    def reset(self) -> None:
        """Cut every connection with RST."""
        self._call(self._abort)

    def half_close(self) -> None:
        """Say the end of data on every connection, both ways, and keep it open."""
        self._call(lambda: [each.write_eof() for each in self._open if each.can_write_eof()])

    def away(self) -> None:
        """Nobody listens any more; connections are cut."""
        self._wait(self._close())

    def back(self) -> None:
        """Listen on the same port again."""
        self._wait(self._listen())

    def _call(self, what: Callable[[], Any]) -> None:
        async def called() -> None:
            what()

        self._wait(called())

    def _wait(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(20)

    def _abandon(self) -> None:
        self._flowing.clear()
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._abort()

    async def _finish(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _abort(self) -> None:
        for writer in list(self._open):
            with suppress(OSError):
                # No lingering: closing sends RST instead of FIN.
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        gate = self._flowing
        try:
            await gate.wait()
            there, onward = await self._connect()
            self._open.add(onward)
            try:
                await asyncio.gather(self._pump(reader, onward, gate), self._pump(there, writer, gate))
            finally:
                self._open.discard(onward)
                onward.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, str):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection(*self._target)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
        while data := await reader.read(_CHUNK):
            if self._delay:
                await asyncio.sleep(self._delay)
            await gate.wait()
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
