"""`python -m deploy.local.mock_broker`: librdkafka's mock broker, served until SIGTERM or SIGINT.

Prints `bootstrap HOST:PORT` when it can be used. SIGUSR1 takes the broker down (the port refuses connections), SIGUSR2
brings it up again on the same port with the same data. The Python client has no word for either, nor for the 3 s that
the mock lets a new consumer group wait; the library inside it has, so it is called directly.
"""

import ctypes
import signal

from confluent_kafka import cimpl

PRODUCER = 0
BROKER_ID = 1
# 3,000 by default, for each group one after the other: a service with two subscribers was ready after 6 s.
GROUP_WAITS_MS = 10
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2}


class MockBroker:
    """One broker on a port of its own choice. Raises OSError when the library cannot make it."""

    def __init__(self) -> None:
        self._library = library = ctypes.CDLL(cimpl.__file__)  # its symbols are found through the extension's own
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, answer, *arguments in (
            ("rd_kafka_conf_new", pointer),
            ("rd_kafka_conf_set", ctypes.c_int, pointer, text, text, text, ctypes.c_size_t),
            ("rd_kafka_new", pointer, ctypes.c_int, pointer, text, ctypes.c_size_t),
            ("rd_kafka_handle_mock_cluster", pointer, pointer),
            ("rd_kafka_mock_cluster_bootstraps", text, pointer),
            ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, pointer, ctypes.c_int32),
            ("rd_kafka_mock_broker_set_down", ctypes.c_int, pointer, ctypes.c_int32),
            ("rd_kafka_mock_broker_set_up", ctypes.c_int, pointer, ctypes.c_int32),
        ):
            function = getattr(library, name)
            function.restype, function.argtypes = answer, arguments
        error = ctypes.create_string_buffer(256)
        configuration = library.rd_kafka_conf_new()
        library.rd_kafka_conf_set(configuration, b"test.mock.num.brokers", b"1", error, len(error))
        owner = library.rd_kafka_new(PRODUCER, configuration, error, len(error))
        self._cluster = library.rd_kafka_handle_mock_cluster(owner) if owner else None
        if not self._cluster:
            raise OSError(f"no mock broker: {error.value.decode()}")
        library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, GROUP_WAITS_MS)

    @property
    def bootstrap(self) -> str:
        return str(self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode())

    def take_down(self) -> None:
        self._library.rd_kafka_mock_broker_set_down(self._cluster, BROKER_ID)

    def bring_up(self) -> None:
        self._library.rd_kafka_mock_broker_set_up(self._cluster, BROKER_ID)


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # the library's threads inherit it: only sigwait sees them
    broker = MockBroker()
    print(f"bootstrap {broker.bootstrap}", flush=True)
    while True:
        match signal.sigwait(SIGNALS):
            case signal.SIGUSR1:
                broker.take_down()
            case signal.SIGUSR2:
                broker.bring_up()
            case _:
                return


if __name__ == "__main__":
    main()
