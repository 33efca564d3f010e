"""What Prometheus is told: counts and durations by route template. No ids, no names, no values."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Instruments of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # Of templates and statuses there are few: each is looked up by its labels once.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._requests = Counter(
            "tandem_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "tandem_http_request_seconds",
            "Time from request to the last byte of its answer.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.queue_depth = Gauge(
            "tandem_append_queue_depth",
            "Commands waiting to be appended.",
            registry=self.registry,
        )
        self.batch_size = Histogram(
            "tandem_append_batch_commands",
            "Commands that shared one append.",
            buckets=_SIZES,
            registry=self.registry,
        )
        self.lag = Gauge(
            "tandem_list_lag_positions",
            "How far a list is behind the log.",
            ["list"],
            registry=self.registry,
        )

        self.overdue = Gauge(
            "tandem_deadline_overdue_seconds",
            "How long ago the oldest deadline passed that is not recorded yet.",
            registry=self.registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        found = self._children.get((method, route, status))
        if found is None:
            counted = self._requests.labels(method, route, str(status))
            found = (counted, self._seconds.labels(method, route))
            self._children[method, route, status] = found
        found[0].inc()
        found[1].observe(seconds)
