"""Who came back when: pandas-free Python row by row, DuckDB for the calendar, and ClickHouse's retention() where it means the same."""

from collections import defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from kinds import some
