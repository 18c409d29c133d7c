"""Start the whole platform on this machine, keep it running, and leave nothing behind."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from aggregator.orchestrator.load_catalogue import packaged
from local.authorizing import Authorizing
from local.banner import banner
from local.deploy import BUCKET, PARAMETERS, STACK, Stack, deploy, unpack_layers, upload
from local.emulator import REGION, Emulator
from local.folder import take
from local.front_door import EmulatedApi, FrontDoor
from local.function_processes import FunctionProcesses
from local.http_server import HttpServer
from local.issuer import CLIENT_ID, CLIENT_SECRET
from local.package import Built, build
from local.paths import ROOT, TEMPLATE
from local.payments import stripe
from local.ports import free_port
from local.process import Process, stop_all
from local.providers import ProviderPlan, plan_providers
from local.request_log import Served, line_of
from local.sandbox import Function
from local.schedules import every_minute, keep_time
from local.seed import Seeded, seed
from local.standin.judged import VARIABLE
from local.template import load, translate

JsonObject = dict[str, Any]

_LOOK_SECONDS = 0.5


class Run:
    """One embedded run in `folder`, its API on `port`. Use it as a context: leaving it ends all that was started.

    `cors_origins` and `otlp_endpoint` are the template's parameters `CorsOrigins` and `OtlpEndpoint`; with `clock`
    schedules of every minute are kept.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        cors_origins: str = "",
        otlp_endpoint: str = "",
        *,
        clock: bool = False,
    ) -> None:
        self.folder = folder
        self._port = port
        chosen = {"CorsOrigins": cors_origins, "OtlpEndpoint": otlp_endpoint}
        self._parameters = PARAMETERS | {name: value for name, value in chosen.items() if value}
        self._started = time.monotonic()
        self._cleanup = ExitStack()
        self._processes: list[Process] = []
        self._sign_in: dict[str, str] = {}
        self._is_up = False
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def start(self) -> str:
        """Bring everything up, in the order it needs each other; return the banner.

        Raises:
            PortTakenError: the port is taken.
            FolderTakenError: another run has its files in the folder.
            StartError, BuildError, TemplateError, DeployError, SeedError: the step that failed, and why.
        """
        server = HttpServer(self._port)
        self._cleanup.callback(server.close)
        payments = HttpServer(0)
        self._cleanup.callback(payments.close)
        self._prepare_folder()
        emulator, stand_in, stand_in_url = self._start_processes()
        with _step("built functions and layers, translated template.yaml"):
            template = load(TEMPLATE)
            built = build(template, BUCKET)
            translated = translate(built.template, self._parameters, REGION)
        with _step("started the AWS emulator and the stand-in provider"):
            emulator.wait_until_ready()
            stand_in.require_running()
        with _step("deployed the stack"):
            upload(emulator, built.archives)
            stack = deploy(emulator, translated, json.dumps(translated), self._parameters | self._sign_in)
        plan = plan_providers(packaged(), os.environ, stand_in_url)
        with _step("loaded the model catalogue and the providers' keys"):
            _configure(emulator, stack, plan)
        base_url = f"http://127.0.0.1:{server.port}"
        self._make_secrets(emulator, payments, base_url)
        with _step("made a user with a key and a balance"):
            admin_key = _secret(emulator, stack, "AdminKey")
            server.start(self._front_door(emulator, stack, translated, built).handle)
            seeded = seed(base_url, admin_key)
            self._is_up = True
        if self._clock:
            stop = threading.Event()
            self._cleanup.callback(stop.set)
            keep_time(every_minute(template), _invoker(emulator, stack), stop)
        self._write(
            emulator, stack, seeded, base_url=base_url, admin_key=admin_key, stand_in_url=stand_in_url
        )
        return banner(base_url, seeded, plan, admin_key=admin_key, seconds=time.monotonic() - self._started)

    def _make_secrets(self, emulator: Emulator, server: HttpServer, base_url: str) -> None:
        url = f"http://127.0.0.1:{server.port}"
        stripe.serve(server, stripe.StripeStandIn(url, stripe.poster(f"{base_url}/billing/stripe-events")))
        emulator.client("secretsmanager").create_secret(
            Name=f"{STACK}/stripe", SecretString=json.dumps(stripe.keys(os.environ, url))
        )
        emulator.client("secretsmanager").create_secret(
            Name=f"{STACK}/sign-in", SecretString=json.dumps({"clientSecret": CLIENT_SECRET})
        )
        emulator.client("secretsmanager").create_secret(
            Name=f"{STACK}/otlp", SecretString=json.dumps(_otlp_secret(os.environ))
        )

    def watch(self, until: threading.Event) -> None:
        """Wait until told to stop.

        Raises:
            StartError: something that we started ended by itself.
        """
        while not until.wait(_LOOK_SECONDS):
            for process in self._processes:
                process.require_running()

    def _served(self, served: Served) -> None:
        """A line for each request of others; those that make the first user are part of a step of the start."""
        if self._is_up:
            sys.stdout.write(line_of(served) + "\n")
            sys.stdout.flush()

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._cleanup.callback(take(self.folder).close)
        for stale in ("run.json", "env.json"):
            (self.folder / stale).unlink(missing_ok=True)
            self._cleanup.callback((self.folder / stale).unlink, missing_ok=True)

    def _start_processes(self) -> tuple[Emulator, Process, str]:
        emulator = Emulator(self.folder)
        self._processes = [emulator.process]
        self._cleanup.callback(lambda: stop_all(self._processes))
        port = free_port()
        stand_in = Process(
            "The stand-in provider",
            [sys.executable, "-m", "local.standin", "--port", str(port)],
            self.folder / "stand-in.log",
            {"PYTHONPATH": str(ROOT)} | ({VARIABLE: os.environ[VARIABLE]} if VARIABLE in os.environ else {}),
        )
        issuer_port = free_port()
        issuer = Process(
            "The issuer of ID tokens",
            [sys.executable, "-m", "local.issuer", "--port", str(issuer_port)],
            self.folder / "issuer.log",
            {"PYTHONPATH": str(ROOT)},
        )
        self._sign_in = {"SignInIssuer": f"http://127.0.0.1:{issuer_port}", "SignInClientId": CLIENT_ID}
        self._processes += [stand_in, issuer]
        return emulator, stand_in, f"http://127.0.0.1:{port}"

    def _front_door(
        self, emulator: Emulator, stack: Stack, translated: JsonObject, built: Built
    ) -> FrontDoor:
        processes = {
            name: self._processes_of(name, emulator, stack, translated, built)
            for name in {route.function for route in stack.api.routes if route.streams}
        }
        emulated = EmulatedApi(emulator.port, stack.stage)
        self._cleanup.callback(emulated.close)
        return FrontDoor(
            api=stack.api,
            stage=stack.stage,
            emulator=emulated,
            authorizing=Authorizing(_invoker(emulator, stack)),
            processes=processes,
            on_served=self._served,
        )

    def _processes_of(
        self, name: str, emulator: Emulator, stack: Stack, translated: JsonObject, built: Built
    ) -> FunctionProcesses:
        configuration = stack.functions[name]
        variables = stack.environment_of(name)
        opt = self.folder / "opt" / name
        unpack_layers(translated, name, built, opt)
        wrapper = variables["AWS_LAMBDA_EXEC_WRAPPER"].replace("/opt/", f"{opt}/", 1)
        processes = FunctionProcesses(
            Function(
                handler=configuration["Handler"],
                task_root=built.folders[name],
                environment=variables | emulator.environment(),
                log=self.folder / f"{name}.log",
                name=configuration["FunctionName"],
                python=getattr(
                    sys, "_base_executable", sys.executable
                ),  # without the packages that this one has
                wrapper=(wrapper,),
                timeout_seconds=configuration["Timeout"],
            )
        )
        self._cleanup.callback(processes.close)
        return processes

    def _write(
        self,
        emulator: Emulator,
        stack: Stack,
        seeded: Seeded,
        *,
        base_url: str,
        admin_key: str,
        stand_in_url: str,
    ) -> None:
        """Tell scripts where everything is: run.json for the API, env.json for functions that run outside.

        env.json has the variables that the template declares and no others: `sam local` passes on no others.
        """
        said = {
            "baseUrl": base_url,
            "apiKey": seeded.api_key,
            "adminKey": admin_key,
            "userId": seeded.user_id,
            "standInUrl": stand_in_url,
            "issuerUrl": self._sign_in["SignInIssuer"],
            "emulatorUrl": emulator.url,
            "region": REGION,
            "stackOutputs": dict(stack.outputs),
            "resources": dict(stack.resources),
            "pid": os.getpid(),
        }
        environments = {name: stack.environment_of(name) for name in stack.functions}
        _write_private(self.folder / "env.json", environments)
        _write_private(self.folder / "run.json", said)


def _configure(emulator: Emulator, stack: Stack, plan: ProviderPlan) -> None:
    """Point the catalogue's providers at the stand-in where there is no key, and put in the keys there are."""
    emulator.client("secretsmanager").put_secret_value(
        SecretId=stack.resources["ProviderKeys"], SecretString=json.dumps(dict(plan.keys))
    )
    invoke = _invoker(emulator, stack)
    invoke("OrchestratorLoadCatalogueFunction", {"overrides": plan.overrides, "by": "local run"})


def _invoker(emulator: Emulator, stack: Stack) -> Callable[[str, JsonObject], JsonObject]:
    client = emulator.client("lambda")

    def invoke(function: str, event: JsonObject) -> JsonObject:
        answer = client.invoke(FunctionName=stack.resources[function], Payload=json.dumps(event).encode())
        payload: JsonObject = json.load(answer["Payload"])
        if answer.get("FunctionError"):
            raise RuntimeError(f"{function} failed: {payload}")
        return payload

    return invoke


def _secret(emulator: Emulator, stack: Stack, name: str) -> str:
    answer = emulator.client("secretsmanager").get_secret_value(SecretId=stack.resources[name])
    return str(answer["SecretString"])


def _otlp_secret(environ: Mapping[str, str]) -> JsonObject:
    """What an OTLP endpoint wants to see, as OpenTelemetry's own variable says it: `name=value,name=value`.

    Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
    """
    said = environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")
    pairs = (each.partition("=") for each in said.split(",") if each.strip())
    headers = {name.strip(): unquote(value.strip()) for name, _, value in pairs}
    return {"headers": headers, "userKey": "local"}


@contextmanager
def _step(done: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    print(f"  {time.monotonic() - start:5.1f} s  {done}", flush=True)


def _write_private(path: Path, content: JsonObject) -> None:
    """Write a file whole, for its owner's eyes only: it holds keys."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(
        os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(content, file, indent=2)
    partial.replace(path)
