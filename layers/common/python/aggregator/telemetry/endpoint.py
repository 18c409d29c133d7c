"""Where telemetry goes: an address of OTLP over HTTP, or CloudWatch's own, which takes AWS's signatures.

Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request (paths) and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html (JSON or binary, gzip).
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aggregator.runtime.public_address import is_loopback, is_public

CLOUDWATCH = "cloudwatch"
TRACES, METRICS = "traces", "metrics"


@dataclass(frozen=True, slots=True)
class Target:
    """One signal's address. `service` is AWS's name for the service that a signature is for; None: it takes none."""

    url: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where each signal goes, if anywhere. `is_cloudwatch`: X-Ray's segments are there too."""

    traces: Target | None
    metrics: Target | None
    is_cloudwatch: bool = False


def endpoint_of(said: str, signals: str, region: str, *, this_machine: bool = False) -> Endpoint:
    """The endpoint that was set, for the signals that were chosen (`traces,metrics`).

    Raises:
        ValueError: it is no address that telemetry may go to; what is wrong with it is the message.
    """
    chosen = {each.strip() for each in signals.split(",")}
    if said == CLOUDWATCH:
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        traces = Target(f"https://xray.{region}.{domain}/v1/traces", "xray")
        metrics = Target(f"https://monitoring.{region}.{domain}/v1/metrics", "monitoring")
    else:
        if problem := problem_of(said, this_machine=this_machine):
            raise ValueError(f"OtlpEndpoint {problem}")
        base = said.rstrip("/")
        traces, metrics = Target(f"{base}/v1/traces"), Target(f"{base}/v1/metrics")
    return Endpoint(
        traces if TRACES in chosen else None,
        metrics if METRICS in chosen else None,
        is_cloudwatch=said == CLOUDWATCH,
    )


def problem_of(url: str, *, this_machine: bool) -> str:
    """Why telemetry may not go to `url`; empty if it may.

    https only, and no private or link-local network; http to this machine where `this_machine` allows that.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = parts.port != 0 and all(" " < each < "\x7f" for each in url)
    except ValueError:
        return "must be an https URL"
    literal = _is_address(host)
    loopback = host == "localhost" or (literal and is_loopback(host))
    if parts.scheme not in {"https", "http"} or not host or not named:
        return "must be an https URL"
    if loopback and not this_machine:
        return "must not be this machine"
    if parts.scheme == "http" and not loopback:
        return "must be https"
    if literal and not loopback and not is_public(host):
        return "must not be a private or link-local address"
    if parts.query or parts.fragment or parts.username or parts.password:
        return "must not have a query, a fragment or a user"
    return ""


def _is_address(host: str) -> bool:
    try:
        is_public(host)
    except OSError:
        return False
    return True
