#!/usr/bin/env python3
"""Asks every tool of `vitalog mcp` with the client library of the protocol: mcp_client.py PROGRAM DATA_DIR

Prints one JSON document: which tools answered, in the order in which the program lists them, and how many samples there are.
It needs the package `mcp`, which is nobody's code here.
"""

import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

DAY = "2026-03-14"
DAYS = {"start_date": "2026-03-01", "end_date": "2026-03-31"}
RANGE = {"start": "2026-03-01", "end": "2026-03-31"}
QUESTIONS = {
    "get_status": {},
    "list_types": {"with_data": True},
    "get_daily_summary": DAYS,
    "get_activity_summary": {**DAYS, "user_id": "anybody"},
    "get_sleep_summary": DAYS,
    "get_workout_events": DAYS,
    "get_workout": None,
    "get_timeseries": {"types": ["step_count"], "start_time": "2026-03-01", "end_time": "2026-03-31", "resolution": "1day"},
    "get_trend": {"type": "step_count", "bucket": "week", **RANGE},
    "compare_periods": {"type": "step_count", "a_start": DAY, "a_end": DAY, "b_start": DAY, "b_end": DAY},
    "correlate": {"type_a": "step_count", "type_b": "heart_rate", **RANGE},
    "explain_value": {"type": "step_count", "date": DAY},
    "render_chart": {"type": "step_count", "range": "month"},
}


def document(result):
    assert not result.is_error, result
    (block,) = result.content
    assert block.type == "text" and len(block.text.encode()) <= 32 * 1024, block
    return json.loads(block.text)


async def main(program, data_dir):
    server = StdioServerParameters(command=program, args=["mcp", "--data-dir", data_dir])
    answered, samples, workout = [], None, None
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        for tool in (await session.list_tools()).tools:
            question = QUESTIONS[tool.name]
            if tool.name == "get_workout":
                for year in range(2010, 2030, 10):
                    listed = {"start_date": f"{year}-01-01", "end_date": f"{year + 9}-12-31"}
                    rows = document(await session.call_tool("get_workout_events", listed))["records"]
                    workout = rows[0]["id"] if rows else workout
                question = {"id": workout}
            found = document(await session.call_tool(tool.name, question))
            assert "records" in found and "truncated" in found, found
            samples = found.get("samples", samples)
            answered.append(tool.name)
    print(json.dumps({"answered": answered, "samples": samples}))


asyncio.run(main(*sys.argv[1:]))
