"""FastStream over NATS, measured from inside its own process. Takes lines of work, answers each with a line of JSON
that says how long it took, on the clock and of processors:

- `publish CONCURRENCY COUNT`: pydantic models through `broker.publish(..., stream=...)`, which awaits the acknowledgement;
- `handle CONCURRENCY COUNT DURABLE`: a typed handler on a durable pull consumer, from its first event to its last.

Written as its documentation has it, with what makes it fast: uvloop (which `faststream run` takes where it is installed), no logger,
and a pull of CONCURRENCY messages, which FastStream handles at once; `max_workers` on top of that only adds a queue, and was slower.
"""

import asyncio
import json
import sys
import time
import warnings
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import uvloop
from faststream.nats import JStream, NatsBroker, PullSub
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class OrderPlaced(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)

    order_id: UUID
    customer_id: UUID
    at: AwareDatetime
    cents: Annotated[int, Field(ge=0, le=9007199254740991)]
    currency: Annotated[str, Field(max_length=3)]
    note: Annotated[str | None, Field(max_length=500)] = None


CUSTOMER = UUID("01942f6a-bc5d-7d30-8f3f-5aee91c37d02")
EPOCH = datetime.fromtimestamp(0, UTC)


def numbered(number: int) -> OrderPlaced:
    order_id = UUID(int=number + (0x01942F6ABC5D7D30 << 64))
    return OrderPlaced(
        order_id=order_id, customer_id=CUSTOMER, at=EPOCH, cents=12_990, currency="EUR", note="Ring twice"
    )


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(started: tuple[float, float]) -> dict[str, float]:
    clock, processor = clocks()
    return {"seconds": clock - started[0], "processor": processor - started[1]}


async def publish(url: str, concurrency: int, count: int) -> dict[str, float]:
    broker = NatsBroker(url, logger=None)
    await broker.connect()
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            event = numbered(number)
            headers = {"Nats-Msg-Id": str(event.order_id)}
            await broker.publish(event, "bench.order", headers=headers, stream="BENCH")

    started = clocks()
    await asyncio.gather(*(some() for _ in range(concurrency)))
    took = since(started)
    await broker.stop()
    return took


async def handle(url: str, concurrency: int, count: int, durable: str) -> dict[str, float]:
    broker = NatsBroker(url, logger=None)
    seen, started, took = 0, clocks(), {}
    done = asyncio.Event()

    @broker.subscriber(
        "bench.order",
        stream=JStream("BENCH", declare=False),
        durable=durable,
        pull_sub=PullSub(batch_size=concurrency),
    )
    async def on_order(event: OrderPlaced) -> None:
        nonlocal seen, started, took
        if seen == 0:
            started = clocks()
        seen += 1
        if seen == count:
            took = since(started)
            done.set()

    await broker.start()
    await done.wait()
    # The acknowledgement of the last event follows its handler.
    await asyncio.sleep(0.05)
    await broker.stop()
    return took


async def main() -> None:
    url = sys.argv[1]
    print(json.dumps({"ready": True}), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        work, concurrency, count, *durable = line.split()
        measure = {"publish": publish, "handle": handle}[work]
        took = await measure(url, int(concurrency), int(count), *durable)
        print(json.dumps({"events": int(count), **took}), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    uvloop.run(main())
