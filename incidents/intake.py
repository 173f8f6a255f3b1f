"""The worker's part in alerts: it makes something of the messages that monitoring has sent, one after another."""

import datetime as dt
import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from .alerting import NotUnderstood
from .domain import alerts
from .errors import DomainError
from .models import AlertReceipt
from .notifications.delivery import in_words

logger = logging.getLogger(__name__)


class Intake:
    """Understands what was received; a helper of the worker, like those who deliver."""

    def __init__(self, *, clock: Callable[[], dt.datetime] = timezone.now) -> None:
        self._clock = clock

    def deliver_next(self) -> bool:
        """Take the oldest message that waits; False where none does. What says that the database is away passes."""
        receipt = alerts.claim(at=self._clock())
        if receipt is not None:
            self._understand(receipt)
        return receipt is not None

    def close(self) -> None:
        """Nothing is held open."""

    def _understand(self, receipt: AlertReceipt) -> None:
        try:
            alerts.understand(receipt=receipt, now=self._clock())
        except (OperationalError, InterfaceError):
            raise
        except NotUnderstood as error:
            alerts.put_off(receipt=receipt, error=str(error), now=self._clock(), for_good=True)
        except Exception as error:
            if not isinstance(error, DomainError):
                logger.exception("Alert message %s failed.", receipt.pk)
            alerts.put_off(receipt=receipt, error=in_words(error), now=self._clock(), for_good=False)
