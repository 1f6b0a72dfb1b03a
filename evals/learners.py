"""A learner's browser without a screen: joins a class, asks through Gradio's queue, follows what the trainer puts before all.

Speaks the protocol of Gradio 6 as its page does, the heartbeat included. Knows nothing of what an answer should be.
"""

import asyncio
import json
import re
import secrets
from contextlib import suppress

import httpx

_ANSWER_ID = re.compile(r'data-answer="([0-9a-f]{32})"')
CHAT = "/hoi-dap"  # where the program mounts Gradio (`ui.shield`)
_RESPOND = 0  # the page's first function
_PATIENCE_S = 60.0


class Learner:
    """One browser; `session` is its page's at Gradio. Every method raises httpx.HTTPError when the server does not do it."""

    def __init__(self, address: str) -> None:
        self.session = secrets.token_hex(6)
        self._http = httpx.AsyncClient(base_url=address, timeout=_PATIENCE_S)
        self._beating: asyncio.Task[None] | None = None

    async def join(self, code: str) -> None:
        """Open the address of the QR code, join, and open the chat page."""
        (await self._http.get(f"/lop/{code}")).raise_for_status()
        reply = await self._http.post("/lop", data={"code": code})
        if reply.status_code != 303:
            reply.raise_for_status()
        (await self._http.get(CHAT)).raise_for_status()
        self._beating = asyncio.create_task(self._beat())

    async def ask(self, question: str) -> str:
        """Return the finished turn's HTML."""
        call = {"data": [question, None], "fn_index": _RESPOND, "session_hash": self.session, "trigger_id": 7}
        (await self._http.post(f"{CHAT}/gradio_api/queue/join", json=call)).raise_for_status()
        async with self._http.stream(
            "GET", f"{CHAT}/gradio_api/queue/data", params={"session_hash": self.session}
        ) as reply:
            async for line in reply.aiter_lines():
                message = json.loads(line.removeprefix("data: ")) if line else {}
                if message.get("msg") == "process_completed":
                    return message["output"]["data"][0]
        raise httpx.ReadError("the stream ended before the answer")

    async def rate(self, turn: str, helpful: bool) -> None:
        """Give feedback on a finished turn, where it can be rated."""
        if 'class="feedback"' in turn and (found := _ANSWER_ID.search(turn)):
            (await self._http.post("/feedback", json={"answer_id": found[1], "helpful": helpful})).raise_for_status()

    async def look(self) -> dict | None:
        """Return what the page is told about the class; None where it is in none."""
        reply = (await self._http.get("/lop/toi")).raise_for_status()
        return reply.json() if reply.status_code == 200 else None

    async def say(self, what: str, **values: str) -> None:
        """Press one of the class's buttons: "ket" (on="1"), "xong" (guide_id=…), "roi"."""
        (await self._http.post(f"/lop/{what}", data=values)).raise_for_status()

    async def close(self) -> None:
        """Close the page."""
        if self._beating:
            self._beating.cancel()
        await self._http.aclose()

    async def _beat(self) -> None:
        """Hold the line that tells Gradio that the page is open."""
        with suppress(httpx.HTTPError):
            async with self._http.stream("GET", f"{CHAT}/gradio_api/heartbeat/{self.session}", timeout=None) as reply:
                async for _ in reply.aiter_bytes():
                    pass
