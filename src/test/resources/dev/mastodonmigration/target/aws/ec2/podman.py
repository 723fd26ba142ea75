#!/usr/bin/env python3
"""Stands in for podman: records what it is asked to run, and runs the container's command here, with what is mounted where it is mounted from. Programs of the image come from $STUB/image."""
import json
import os
import pathlib
import subprocess
import sys

stub = pathlib.Path(os.environ['STUB'])
arguments = sys.argv[1:]
with open(stub / 'podman.log', 'a') as log:
    log.write(json.dumps(arguments) + '\n')
if arguments[0] == 'inspect':
    print('\n'.join('healthy' for word in arguments[1:] if not word.startswith('-')))
if arguments[0] != 'run':
    sys.exit(0)

options = [word for word in arguments[1:arguments.index('sh')] if word.startswith('-')]
image, command = arguments[1 + len(options)], arguments[2 + len(options):]
name = next(option.partition('=')[2] for option in options if option.startswith('--name='))
for option in options:
    mounted = option.removeprefix('--volume=').split(':') if option.startswith('--volume=') else []
    if len(mounted) > 1:
        command = [word.replace(mounted[1], mounted[0]) for word in command]
environment = {'PATH': f"{stub / 'image'}:/usr/bin:/bin", 'STUB': str(stub), 'STUB_CONTAINER': name}
sys.exit(subprocess.run(command, env=environment).returncode)
