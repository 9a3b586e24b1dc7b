"""A peer in Python with the official CloudEvents SDK: reads what Rust publishes, then publishes in every way that there is.

The SDK has no binding for NATS. Its binding for HTTP differs in one header: there `datacontenttype` is `Content-Type`.
"""

import asyncio
import json
import os
import sys
from datetime import datetime, timezone

import nats
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

TYPE = "shop.OrderPlaced"
SUBJECT = "orders.placed"


def say(**what):
    print(json.dumps(what), flush=True)


def to_cloud_event(message) -> CloudEvent:
    """A message of either mode: the SDK finds out which."""
    return from_http_event(HTTPMessage(headers=dict(message.headers or {}), body=message.data))


def to_nats(event: CloudEvent) -> HTTPMessage:
    """Binary mode, as the NATS binding writes it."""
    message = to_binary_event(event)
    headers = {name: value for name, value in message.headers.items() if name != "content-type"}
    headers["ce-datacontenttype"] = message.headers["content-type"]
    return HTTPMessage(headers=headers, body=message.body)


def order(order_id: str, event_id: str, source: str) -> CloudEvent:
    attributes = {
        "id": event_id,
        "source": source,
        "type": TYPE,
        "subject": "Zürich €",
        "time": datetime.now(timezone.utc),
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes=attributes, data={"orderId": order_id})


async def main(expected: int) -> None:
    client = await nats.connect(os.environ["NATS_URL"])
    messages = await client.subscribe("orders.>")
    await client.flush()
    say(ready=True)
    for _ in range(expected):
        event = to_cloud_event(await messages.next_msg(timeout=30))
        say(
            read={
                "id": event.get_id(),
                "source": event.get_source(),
                "type": event.get_type(),
                "time": event.get_time().isoformat(),
                "specversion": event.get_specversion(),
                "datacontenttype": event.get_datacontenttype(),
                "data": event.get_data(),
            }
        )

    stream = client.jetstream()
    ways = {
        "binary": (to_nats, "Zürich \"50%\" 1", "/büro/%C3%A9?a=1"),
        "http": (to_binary_event, "Zürich 50%!", "urn:legacy:python"),
        "structured": (to_structured_event, "Zürich \"50%\" 2", "https://shop.example/büro"),
    }
    for way, (write, event_id, source) in ways.items():
        event = order(f"python-{way}", event_id, source)
        message = write(event)
        headers = {**message.headers, "Nats-Msg-Id": f"{TYPE}:python-{way}"}
        await stream.publish(SUBJECT, message.body, headers=headers)
        say(
            sent={
                "order": f"python-{way}",
                "id": event_id,
                "source": source,
                "type": TYPE,
                "time": event.get_time().isoformat(),
            }
        )
    await client.flush()
    await client.close()


asyncio.run(main(int(sys.argv[1])))
