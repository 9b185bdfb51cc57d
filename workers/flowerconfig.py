"""Flower's settings: loopback, a password, read-only, nothing open. Flower runs this file; its names are the options.

The password is read from its file here, so that it is on no command line and in no environment.
"""

from flower.views.monitor import Metrics
from tornado.web import authenticated

from bus.config import Settings

_settings = Settings()

address = _settings.flower_host
port = _settings.flower_port
basic_auth = [f"{_settings.flower_user}:{_settings.flower_secret()}"]
read_only = True
persistent = False
auto_refresh = True
max_tasks = 200_000
max_workers = 500
purge_offline_workers = 300
tasks_columns = "name,uuid,state,kwargs,received,started,runtime,worker"

# Flower leaves /metrics open even where everything else asks for a password.
Metrics.get = authenticated(Metrics.get)
