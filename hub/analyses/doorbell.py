"""The doorbell: a Celery message that calls the workers. What is to be done stands in the database, not in the message.

Every ring reaches every worker that listens (a fan-out exchange), and a woken worker claims until nothing is left. So order and
priority are decided by the claim, a ring that is lost or heard twice does no harm, and a busy worker keeps none from an idle one.
`memory://` rings within the process, `amqp://` (RabbitMQ) on all machines. Workers import this without the web application.
"""

from __future__ import annotations

import logging
import threading

from celery import Celery
from celery.worker import WorkController, state
from kombu.common import Broadcast
from kombu.entity import Exchange
from kombu.exceptions import OperationalError

from hub.bell import Bell

log = logging.getLogger(__name__)

TASK_NAME = "grimace.score"
EXCHANGE = Exchange("grimace.doorbell", type="fanout")  # type: ignore[no-untyped-call]  # kombu has no types
MEMORY = "memory://"
CONNECT_TIMEOUT_S = 3.0
MEMORY_POLLING_S = 0.1
"""How often the in-memory transport looks for messages; kombu's default of 1 s would be felt."""
CHATTY_LOGGERS = ("celery.worker.strategy", "celery.app.trace", "kombu.connection")
"""They say more of every ring than anybody wants to know."""


def make_celery(broker_url: str) -> Celery:
    """A Celery application that only rings: no results, no priorities, acknowledged before anything is done."""
    celery = Celery("grimace", broker=broker_url, set_as_current=False)
    celery.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        task_queues=(Broadcast(EXCHANGE.name, exchange=EXCHANGE),),  # type: ignore[no-untyped-call]  # kombu has no types
        task_default_queue=EXCHANGE.name,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        broker_heartbeat=0,  # nobody beats while the listener waits in a read; TCP's keep-alive finds a dead peer
        broker_connection_timeout=CONNECT_TIMEOUT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # for ever: the broker may be away for a night
        broker_transport_options={"polling_interval": MEMORY_POLLING_S} if broker_url.startswith(MEMORY) else {},
    )
    return celery


class Doorbell:
    """Rings for queued analyses. A broker that is away costs a warning, not the analysis: the hub rings again."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery
        self._silent = False

    def ring(self, analysis_uid: str) -> bool:
        """Call the workers; the analysis is named for whoever reads the broker. False when the broker cannot be reached."""
        try:
            self._celery.send_task(TASK_NAME, (analysis_uid,), declare=[EXCHANGE], retry=False)
        except (OperationalError, OSError) as error:
            if not self._silent:
                log.warning("the broker cannot be reached; analyses stay queued", extra={"reason": str(error)})
            self._silent = True
            return False
        if self._silent:
            log.info("the broker is back")
        self._silent = False
        return True


class _BlockingController(WorkController):  # type: ignore[misc]  # celery has no types
    """Waits in a plain read. Celery's event loop is one per process: it hears rings late when this process also sends them."""

    def should_use_eventloop(self) -> bool:
        return False


class Listener:
    """Hears the doorbell in a thread of its own (Celery's solo pool) and rings the process' bell.

    The work is done elsewhere, so Celery always answers its broker in time. It also rings when the connection to the broker
    stands, for what was missed until then.
    """

    def __init__(self, celery: Celery, bell: Bell) -> None:
        for name in CHATTY_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)

        @celery.task(name=TASK_NAME, shared=False)  # type: ignore[untyped-decorator]  # celery has no types
        def score(_analysis_uid: str) -> None:
            bell.ring()

        self._celery = celery
        self._bell = bell
        self._thread = threading.Thread(target=self._listen, name="doorbell", daemon=True)

    def start(self) -> None:
        state.should_stop = None  # Celery keeps this wish per process
        self._thread.start()

    def stop(self) -> None:
        """Stop hearing. The thread ends a few seconds later, when Celery looks up; nothing depends on it, so nobody waits."""
        state.should_stop = 0

    def _listen(self) -> None:
        self._celery.set_current()  # a thread's own: Celery looks tasks up in the current application
        _BlockingController(
            app=self._celery,
            pool="solo",
            concurrency=1,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,  # of Celery's events; the broker's own goes on
            ready_callback=lambda _consumer: self._bell.ring(),
        ).start()
