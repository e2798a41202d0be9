"""``parsedate_to_datetime(data).timestamp()`` of the runtime beside CPython."""

from __future__ import annotations

import time
from ctypes import byref, c_double
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from tests.test_runtime_calls import BUSY, DECLINED, OK, Runtime, Text, text
from tests.test_runtime_calls import runtime as runtime

ROUNDS = 20_000
DAYS = ("", "", "Mon, ", "Mon,", "tue ", "Sunday, ", "x,", "Sat")
NUMBERS = (
    "0",
    "1",
    "01",
    "7",
    "28",
    "29",
    "30",
    "31",
    "32",
    "59",
    "60",
    "-1",
    "+3",
    "1_0",
    "a",
    "",
)
MONTHS = ("Jan", "feb", "MAR", "April", "sept", "September", "Dec", "december", "May", "Foo", "2")
YEARS = (
    *(
        "0",
        "68",
        "69",
        "99",
        "100",
        "1900",
        "1970",
        "1999",
        "2000",
        "2024",
        "2100",
        "9999",
        "10000",
    ),
    *("2147483647", "2147483648", "9223372036854775808", "2024,", ",", "y"),
)
ZONES = (
    *("", "", " GMT", " +0000", " -0000", " -0500", "+0130", "-0130", " z", " UT", " est", " PDT"),
    *(" +2359", " +2400", " -2400", " +9999", " 2500", " -12345", " 123456789012345", " -99999999"),
    *(" 9223372036854775807", " -9223372036854775808", " 99999999999999999999", " XYZ", " +1 (x)"),
)
ZONES_OF_MACHINES = ("UTC0", "EST5EDT,M3.2.0,M11.1.0", "AEST-10AEDT,M10.1.0,M4.1.0/3", "X-14")


def dates(runtime: Runtime) -> str:
    """A date, or something like it."""
    choose = runtime.random.choice
    day, month, year = choose(NUMBERS[:9]), choose(MONTHS), choose(YEARS)
    hour, minute, second = (choose(NUMBERS[:4] if i else NUMBERS) for i in (0, 1, 2))
    clock = choose((f"{hour}:{minute}:{second}", f"{hour}:{minute}", f"{hour}.{minute}.{second}"))
    date = choose(
        (
            *[f"{day} {month} {year} {clock}"] * 5,
            f"{day}-{month}-{year} {clock}",
            f"{month} {day} {year} {clock}",
            f"{month} {day}, {clock} {year}",
            f"{month} {day} {clock},",
            f"{day}\t{month}\n{year},  {clock},",
        )
    )
    whole = choose(DAYS) + date + choose(ZONES)
    if runtime.random.random() < 0.2:
        at = runtime.random.randrange(len(whole))
        whole = whole[:at] + choose(",:-+. \x1c/9") + whole[at + choose((0, 1)) :]
    return whole


def compared(runtime: Runtime, data: str) -> int:
    """The status of one, which is CPython's value or error."""
    found, operand = c_double(), text(data.encode())
    status = runtime.call("timestamp", byref(operand), byref(found))
    try:
        wanted = parsedate_to_datetime(data).timestamp()
    except (ValueError, OverflowError) as error:
        assert status == (DECLINED if isinstance(error, ValueError) else BUSY), (data, error)
        message = Text()
        assert runtime.call("message_date", runtime.pool, byref(operand), byref(message)) == OK
        assert message.value.decode() == str(error), data
    else:
        assert (status, found.value) == (OK, wanted), data
    return status


def test_dates(runtime: Runtime) -> None:
    good = sum(compared(runtime, dates(runtime)) == OK for _ in range(ROUNDS))
    assert good > ROUNDS // 50


def test_what_formatdate_writes(runtime: Runtime) -> None:
    for _ in range(ROUNDS // 4):
        seconds = runtime.random.randrange(-(2**35), 2**37)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        for text_ in (format_datetime(moment), format_datetime(moment, usegmt=True)):
            assert compared(runtime, text_) == OK


@pytest.mark.parametrize("zone", ZONES_OF_MACHINES)
def test_the_clock_of_the_machine(
    zone: str, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dates without a zone, also in the hours that there are twice or not at all."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for month in range(1, 13):
            for day in range(1, 29):
                for clock in ("00:30", "01:30", "02:00", "02:30", "03:00", "03:30", "12:00"):
                    date = f"{day} {time.strftime('%b', (2024, month, 1, 0, 0, 0, 0, 1, 0))} 2024"
                    assert compared(runtime, f"{date} {clock} -0000") == OK
    finally:
        monkeypatch.undo()
        time.tzset()
