"""Servers that some tests need, started once per test process and only when one asks."""

import pytest

from tests.services import Postgres, RabbitMq


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rabbitmq():
    server = RabbitMq()
    server.start()
    yield server
    server.remove()
