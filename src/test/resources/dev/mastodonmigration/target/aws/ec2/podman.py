#!/usr/bin/env python3
"""Stands in for podman: records what it is asked to run, and runs the container's command here, with what is mounted where it is mounted from. Programs of the image come from $STUB/image.

Where $STUB/engine has an address, whoever listens there then plays the container (ContainerEngine.java), and says how it is and when it has ended.
"""
import json
import os
import pathlib
import subprocess
import sys

stub = pathlib.Path(os.environ['STUB'])
arguments = sys.argv[1:]


def engine(method, container):
    """What the engine answers; empty where there is none."""
    if not (stub / 'engine').exists():
        return ''
    import http.client
    connection = http.client.HTTPConnection((stub / 'engine').read_text(), timeout=90)
    connection.request(method, f'/{container}')
    answer = connection.getresponse()
    words = answer.read().decode()
    if answer.status != 200:
        sys.exit(f'{method} {container}: {words}')
    return words


def option(name):
    return next(word.partition('=')[2] for word in arguments if word.startswith(f'--{name}='))


with open(stub / 'podman.log', 'a') as log:
    log.write(json.dumps(arguments) + '\n')
if arguments[0] == 'inspect':
    print('\n'.join(engine('GET', word) or 'healthy' for word in arguments[1:] if not word.startswith('-')))
if arguments[0] == 'rm':
    engine('DELETE', pathlib.Path(option('cidfile')).stem)
if arguments[0] != 'run':
    sys.exit(0)

options = [word for word in arguments[1:arguments.index('sh')] if word.startswith('-')]
image, command = arguments[1 + len(options)], arguments[2 + len(options):]
name = option('name')
for word in options:
    mounted = word.removeprefix('--volume=').split(':') if word.startswith('--volume=') else []
    if len(mounted) > 1:
        command = [part.replace(mounted[1], mounted[0]) for part in command]
environment = {'PATH': f"{stub / 'image'}:/usr/bin:/bin", 'STUB': str(stub), 'STUB_CONTAINER': name}
(stub / f'{name}.image').write_text(image)
code = subprocess.run(command, env=environment).returncode
if code == 0:
    code = int(engine('PUT' if '--detach' in options else 'POST', name) or 0)
sys.exit(code)
