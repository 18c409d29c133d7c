"""Limits against an independent count, over days of takes, returns, deaths and waiting."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aggregator.errors import InsufficientQuota, RateLimitExceeded, Refusal
from aggregator.proxy.limits.rules import Taken
from aggregator.proxy.limits.take import give_back, take
from tests.unit.proxy.limits.limits_desk import FaultyAws, demand, key

SECONDS = 100


@dataclass
class Counted:
    """One request that passed, as the independent count knows it."""

    at: datetime
    tokens: int
    amount: int
    of_minute: int
    taken: Taken
    is_running: bool = True
    gave_back: bool = False


def granted(least: int, most: int, budget: int, of_minute: int) -> int:
    """What a request gets of money; before it has read what is counted, it takes the limits for what is left."""
    fits = min(most, budget)
    return fits if fits <= of_minute else min(fits, max(least, of_minute // 2))


@pytest.mark.promise("limits")
class LimitsMachine(RuleBasedStateMachine):
    @initialize(
        requests=st.integers(1, 4),
        tokens=st.integers(30, 100),
        places=st.integers(1, 3),
        daily=st.integers(30, 200),
        monthly=st.integers(30, 400),
        minutely=st.integers(20, 150),
    )
    def start(
        self, *, requests: int, tokens: int, places: int, daily: int, monthly: int, minutely: int
    ) -> None:
        self.aws = FaultyAws()
        self.now = datetime(2026, 11, 29, 23, 58, 30, tzinfo=UTC)
        self.passed: list[Counted] = []
        self.requests, self.tokens, self.places, self.daily, self.monthly = (
            requests,
            tokens,
            places,
            daily,
            monthly,
        )
        self.minutely = minutely
        self.key = key(
            requestsPerMinute=requests,
            tokensPerMinute=tokens,
            usdPerMinuteNanoUsd=minutely,
            concurrentRequests=places,
            dailyBudgetNanoUsd=daily,
            monthlyBudgetNanoUsd=monthly,
        )

    @rule(tokens=st.integers(1, 30), least=st.integers(1, 10), more=st.integers(0, 60))
    def take(self, tokens: int, least: int, more: int) -> None:
        minute = [each for each in self.passed if f"{each.at:%d%H%M}" == f"{self.now:%d%H%M}"]
        day = sum(each.amount for each in self.passed if each.at.date() == self.now.date())
        month = sum(each.amount for each in self.passed if each.at.month == self.now.month)
        left = min(self.daily - day, self.monthly - month)
        expected: type[Refusal] | None = None
        if self.occupied() >= self.places or len(minute) >= self.requests:
            expected = RateLimitExceeded
        if sum(each.tokens for each in minute) + tokens > self.tokens:
            expected = RateLimitExceeded
        of_minute = self.minutely - sum(each.of_minute for each in minute)
        if of_minute < least:
            expected = RateLimitExceeded
        if left < least:
            expected = InsufficientQuota
        request_id = f"r{len(self.passed)}"
        asked = demand(
            request_id,
            self.now,
            seconds=SECONDS,
            tokens=tokens,
            at_least_nano_usd=least,
            at_most_nano_usd=least + more,
        )
        if expected is not None:
            with pytest.raises(expected):
                take(self.aws.store(), self.key, asked)
            return
        taken = take(self.aws.store(), self.key, asked)

        unread = granted(least, least + more, min(self.daily, self.monthly), self.minutely)
        read = granted(least, least + more, left, of_minute)
        assert taken.at_most_nano_usd in ({unread, read} if unread <= min(left, of_minute) else {read})
        assert taken.headers["x-ratelimit-remaining-requests"] == str(self.requests - len(minute) - 1)
        amount = taken.at_most_nano_usd
        self.passed.append(Counted(self.now, tokens, amount, amount, taken))

    @precondition(lambda self: any(each.is_running for each in self.passed))
    @rule(data=st.data(), twice=st.booleans())
    def give_back(self, data: st.DataObject, *, twice: bool) -> None:
        ended = data.draw(st.sampled_from([each for each in self.passed if each.is_running]))
        spent = data.draw(st.integers(0, ended.amount))

        for _ in range(1 + twice):
            give_back(self.aws.store(), ended.taken, spent, now=self.now)

        ended.amount, ended.is_running, ended.gave_back = spent, False, True
        if f"{ended.at:%d%H%M}" == f"{self.now:%d%H%M}":
            ended.of_minute = spent

    @rule(seconds=st.sampled_from([1, 29, 60, 161, 162, 86_400]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        for each in self.passed:  # whoever did not end by its deadline has died
            if self.now > each.at + timedelta(seconds=SECONDS):
                each.is_running = False

    @invariant()
    def the_item_stays_small_and_never_below_nothing(self) -> None:
        if hasattr(self, "aws"):
            assert all(count >= 0 for count in self.aws.counted.values())
            assert len(self.aws.counted) <= 40

    def occupied(self) -> int:
        """Places of running requests, and of dead ones for a minute and a second beyond their deadline."""
        return sum(
            not each.gave_back and self.now <= each.at + timedelta(seconds=SECONDS + 61)
            for each in self.passed
        )


TestLimits = LimitsMachine.TestCase
TestLimits.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
