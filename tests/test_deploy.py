"""What ships to watch an installation fits it: each metric that a rule or a panel asks for is told by `/metrics`."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client.core import HistogramMetricFamily

from workers.web.metrics import METRICS

ROOT: Final = Path(__file__).parent.parent
DEPLOY: Final = ROOT / "deploy"
ALERTS: Final = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
RULES: Final[list[dict[str, Any]]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
DASHBOARD: Final = json.loads((DEPLOY / "grafana" / "dashboards" / "storesync.json").read_text())
PANELS: Final[list[dict[str, Any]]] = DASHBOARD["panels"]
COMPOSE: Final = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
MONITORING: Final = {
    name: service for name, service in COMPOSE["services"].items() if "monitoring" in service.get("profiles", ())
}

PLAYED: Final = ROOT / "tests" / "data" / "alerts_played.yml"


def asked(expression: str) -> set[str]:
    """The metrics of ours that an expression asks for."""
    return set(re.findall(r"\bstoresync_\w+", expression))


def told() -> set[str]:
    """The samples of `/metrics` by name."""
    histograms = {name for name, metered in METRICS.items() if metered.kind is HistogramMetricFamily}
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}
    return set(METRICS) - histograms | parts


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_BEY_8_every_metric_of_an_alert_is_told(rule: dict[str, Any]) -> None:
    assert asked(rule["expr"]) <= told()
    assert asked(rule["expr"]) or "up{" in rule["expr"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_BEY_8_every_metric_of_a_panel_is_told(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    for target in panel["targets"]:
        assert asked(target["expr"])
        assert asked(target["expr"]) <= told()


def test_BEY_8_the_dashboard_s_choice_of_stores_is_told() -> None:
    (choice,) = DASHBOARD["templating"]["list"]

    assert asked(choice["definition"]) <= told()
    assert all(
        "$store" in target["expr"] or not _is_of_stores(target["expr"]) for p in PANELS for target in p["targets"]
    )


def _is_of_stores(expression: str) -> bool:
    return any("store" in METRICS[name].labels for name in asked(expression) & METRICS.keys())


def test_DOR_7_every_alarm_waits_a_moment_and_says_what_and_what_to_do() -> None:
    assert {rule["alert"].removeprefix("Storesync") for rule in RULES} == {
        "StoreNeedsAttention",
        "OrdersFail",
        "NothingFetched",
        "NoWorker",
        "ServerAway",
        "WebAway",
        "BudgetUsedUp",
        "QueueGrows",
    }
    for rule in RULES:
        assert rule["for"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_DOR_7_the_page_of_metrics_lists_every_alert() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()

    assert re.findall(r"^\| `(Storesync\w+)` \|", page, re.MULTILINE) == [rule["alert"] for rule in RULES]


def test_panels_and_their_places_are_each_one() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in PANELS]

    assert len({panel["id"] for panel in PANELS}) == len(set(places)) == len(PANELS)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_BEY_9_no_service_has_a_right_that_it_does_not_use(name: str) -> None:
    service = COMPOSE["services"][name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] or name == "grafana"
    assert "/tmp" in service["tmpfs"]
    assert not {"cap_add", "privileged"} & service.keys()
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_BEY_9_no_server_runs_as_root() -> None:
    services = COMPOSE["services"]
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert (services["postgres"]["user"], services["redis"]["user"]) == ("postgres", "redis")
    assert "\nUSER storesync\n" in dockerfile.rpartition("FROM ")[2]
    assert "user" not in services["worker"]


def test_BEY_9_redis_s_password_is_in_a_file_that_it_alone_may_read(tmp_path: Path) -> None:
    shell, flag, script = COMPOSE["services"]["redis"]["command"]
    script = script.replace("$$", "$").replace("/tmp/", f"{tmp_path}/").partition(" && exec ")[0]

    subprocess.run([shell, flag, script], env={"REDISCLI_AUTH": "a b%s", "PATH": "/usr/bin:/bin"}, check=True)

    written = tmp_path / "redis.conf"
    assert written.stat().st_mode & 0o077 == 0
    assert written.read_text().splitlines()[:2] == ["requirepass a b%s", 'save ""']


def test_BEY_9_the_image_has_no_tool_of_tests() -> None:
    dockerfile, lock = (ROOT / "Dockerfile").read_text(), (ROOT / "requirements.lock").read_text()

    assert "--require-hashes -r requirements.lock" in dockerfile
    assert re.findall(r"^(pytest|hypothesis|mypy|ruff|fakeredis)\b", lock, re.MULTILINE) == []
    assert "COPY tests" not in dockerfile


# -- docker compose ----------------------------------------------------------------------------------------------------


def test_monitoring_is_pinned_and_listens_on_this_machine_only() -> None:
    assert set(MONITORING) == {"prometheus", "grafana"}
    for service in MONITORING.values():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_what_monitoring_mounts_and_asks_is_there() -> None:
    mounts = [mount.split(":") for service in MONITORING.values() for mount in service["volumes"]]
    prometheus = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (job,) = prometheus["scrape_configs"]
    ((target,),) = [each["targets"] for each in job["static_configs"]]

    assert [source for source, *_ in mounts if source.startswith(".") and not (ROOT / source).is_dir()] == []
    assert {source for source, *_ in mounts if not source.startswith(".")} <= set(COMPOSE["volumes"])
    assert all((DEPLOY / "prometheus" / file).is_file() for file in prometheus["rule_files"])
    assert target == "web:8080"
    assert job["authorization"]["credentials_file"] in str(MONITORING["prometheus"]["entrypoint"])


def test_grafana_starts_with_no_password_that_nobody_chose() -> None:
    shell, flag, script = MONITORING["grafana"]["entrypoint"]
    command = [shell, flag, script.replace("$$", "$").replace("exec /run.sh", 'echo "$GF_SECURITY_ADMIN_PASSWORD"')]

    without, chosen = (
        subprocess.run(command, env={"GRAFANA_LOGIN": login}, capture_output=True, text=True, check=False)
        for login in ("", "a b")
    )

    assert (without.returncode, without.stdout) == (1, "")
    assert "GRAFANA_PASSWORD" in without.stderr
    assert chosen.stdout == "a b\n"


def test_make_env_writes_what_compose_asks_for(tmp_path: Path) -> None:
    subprocess.run(["make", "-f", str(ROOT / "Makefile"), "env"], cwd=tmp_path, check=True, capture_output=True)

    lines = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
    wanted = set(re.findall(r"\$\{(\w+):[?-]", (ROOT / "docker-compose.yml").read_text()))

    assert {name for name in wanted if not name.endswith(("_PORT", "_URL"))} == set(
        lines
    )  # an address is known to people
    assert all(len(value) >= 12 for value in lines.values())


# -- systemd -----------------------------------------------------------------------------------------------------------

UNITS: Final = DEPLOY / "systemd"
COMMON: Final = UNITS / "storesync-.service.d" / "10-common.conf"
PROCFILE: Final = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
PLACE: Final = "/opt/storesync/"


def unit(file: Path) -> ConfigParser:
    """A unit of systemd, or the part that all of them have in common; of a key that stands twice the last one."""
    parsed = ConfigParser(strict=False, interpolation=None, delimiters="=", comment_prefixes="#")
    parsed.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    parsed.read(file)
    return parsed


def program(name: str) -> ConfigParser:
    """The unit of a line of the Procfile; that of workers is a template."""
    return unit(UNITS / f"storesync-{name}{'@' if name == 'worker' else ''}.service")


def test_systemd_has_a_unit_for_each_program_of_the_Procfile_and_no_other() -> None:
    there = {file.stem.removeprefix("storesync-").rstrip("@") for file in UNITS.glob("*.service")}

    assert there == {*PROCFILE, "setup", "up"}


@pytest.mark.parametrize("name", PROCFILE)
def test_a_unit_of_systemd_runs_what_the_Procfile_runs(name: str) -> None:
    service = program(name)["Service"]
    typed = service["ExecStart"].replace(f"{PLACE}.venv/bin/", "").replace("%%", "%").replace(" -n worker%i@%h", "")
    wanted = PROCFILE[name].removeprefix("nice -n 10 ").replace("0.0.0.0", "127.0.0.1").replace(":-8080", "")

    assert typed == wanted
    assert service.get("Nice") == ("10" if PROCFILE[name].startswith("nice") else None)
    assert service["Restart"] == "always"
    assert program(name)["Install"]["WantedBy"] == unit(COMMON)["Unit"]["PartOf"] == "storesync.target"


@pytest.mark.parametrize("name", ["worker", "courier"])
def test_workers_under_systemd_stop_softly_and_have_time_for_it(name: str) -> None:
    service = program(name)["Service"]

    assert (service["KillSignal"], service["KillMode"]) == ("SIGQUIT", "mixed")  # their children hear nothing
    (soft,) = re.findall(r'"worker_soft_shutdown_timeout": (\d+)', (ROOT / "workers" / "app.py").read_text())
    assert int(service["TimeoutStopSec"]) >= 2 * int(soft)


def test_every_variable_of_the_environment_file_is_one_of_ours() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (UNITS / "env.example").read_text(), re.MULTILINE)
    page = (ROOT / "docs" / "deployment.md").read_text()

    assert {"DATABASE_URL", "REDIS_URL", "STORESYNC_SECRET_KEY"} <= {*named}
    assert [name for name in named if f"\n| `{name}` |" not in page] == []


@pytest.fixture
def systemd(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """systemd's own checker on our units, with the programs of this machine in place of installed ones."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed here: it comes with systemd")
    folder = tmp_path / "etc" / "systemd" / "system"
    for file in UNITS.rglob("storesync*/*.conf"), UNITS.glob("storesync*.*"):
        for one in file:
            if one.is_file():
                (folder / one.relative_to(UNITS)).parent.mkdir(parents=True, exist_ok=True)
                (folder / one.relative_to(UNITS)).write_text(one.read_text().replace(PLACE, f"{sys.prefix}/../"))

    def ask(*words: str) -> "subprocess.CompletedProcess[str]":
        units = sorted(str(file).replace("@", "@1") for file in folder.glob("storesync*.service"))
        environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
        return subprocess.run(
            [found, *words, *units], capture_output=True, text=True, check=False, env=environment, timeout=60
        )

    return ask


def test_systemd_takes_the_units(systemd: Callable[..., "subprocess.CompletedProcess[str]"]) -> None:
    done = systemd("verify", "--man=no", "--recursive-errors=no")

    assert (done.returncode, done.stderr) == (0, "")


def test_BEY_9_units_of_systemd_have_no_right_that_they_do_not_use(
    systemd: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    done = systemd("security", "--offline=yes", "--threshold=15", "--no-pager")

    assert done.returncode == 0, done.stdout + done.stderr


# -- promtool ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def promtool(tmp_path: Path) -> list[str]:
    """Prometheus' own checker, beside a copy of what it is to check."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed here: it comes with Prometheus")
    shutil.copytree(DEPLOY / "prometheus", tmp_path, dirs_exist_ok=True)
    shutil.copy(PLAYED, tmp_path / "played.yml")
    return [found]


@pytest.mark.parametrize(
    "check", ["check rules alerts.yml", "check config --syntax-only prometheus.yml", "test rules played.yml"]
)
def test_DOR_7_prometheus_takes_the_rules_and_rings_when_it_should(
    promtool: list[str], tmp_path: Path, check: str
) -> None:
    done = subprocess.run([*promtool, *check.split()], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
