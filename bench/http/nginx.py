"""http by nginx: `return 200`, one process, no log."""
import os
import shutil
import socket
import sys
import tempfile

import bench

bench.parse(1)
if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"):
    print("no nginx (Debian: nginx-light)", file=sys.stderr)
    sys.exit(77)
with socket.socket() as s:  # free a moment ago: nginx does not say which port it was given
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
folder = os.path.join(tempfile.gettempdir(), f"bench-nginx-{os.getuid()}")
os.makedirs(folder, exist_ok=True)
kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
configuration = f"""
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr crit;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  {" ".join(f"{kind}_temp_path {folder};" for kind in kinds)}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    default_type text/plain;
    location / {{ return 200 "hello, world\\n"; }}
  }}
}}
"""
file = os.memfd_create("nginx.conf", 0)
os.write(file, configuration.encode())
print(port, flush=True)
os.execvpe("nginx", ["nginx", "-p", folder, "-e", "stderr", "-c", f"/proc/self/fd/{file}"],
           {"PATH": os.environ["PATH"] + ":/usr/sbin"})
