"""`grimace-hub worker` on a machine that has only what the extra `worker` installs."""

import subprocess
import sys

import pytest

ONLY_THE_HUBS = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "psycopg", "pydantic_settings", "jinja2", "pwdlib")


@pytest.mark.parametrize("command", ["worker", "score"])
def test_a_machine_that_only_scores_needs_no_web_server_and_no_database(command):
    missing = "".join(f"sys.modules[{name!r}] = None; " for name in ONLY_THE_HUBS)
    program = f"import sys; {missing}from hub.cli import app; app(['{command}', '--help'])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "--threads" in shown.stdout
    assert "serve" not in shown.stdout
