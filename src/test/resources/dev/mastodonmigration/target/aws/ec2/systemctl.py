#!/usr/bin/env python3
"""Stands in for systemd: runs what the units in $STUB/units say, unquoted by its rules (man systemd.service), and remembers which run. The programs come from the PATH."""
import os
import pathlib
import re
import subprocess
import sys

stub = pathlib.Path(os.environ['STUB'])
verb, units = sys.argv[1], [word for word in sys.argv[2:] if not word.startswith('-')]
ESCAPES = {'n': '\n', 't': '\t', 'r': '\r', '"': '"', '\\': '\\'}


def unescaped(text):
    return re.sub(r'\\(x[0-9a-f]{2}|.)', lambda found: chr(int(found[1][1:], 16)) if len(found[1]) > 1 else ESCAPES[found[1]], text)


def words(line):
    found = [unescaped(quoted) if quoted or not plain else plain for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"(?=\s|$)|(\S+)', line)]
    return [word.replace('%%', '%').replace('$$', '$') for word in found]


def setting(unit, key):
    lines = (stub / 'units' / f'{unit}.service').read_text().splitlines()
    return next((line.partition('=')[2] for line in lines if line.startswith(key + '=')), '')


def execute(unit, key):
    command = words(setting(unit, key).lstrip('-'))
    return subprocess.run([os.path.basename(command[0])] + command[1:]).returncode


def mark(unit):
    return stub / 'active' / unit


def start(unit):
    if mark(unit).exists():
        return True
    if not os.path.exists(setting(unit, 'AssertPathExists')):
        print(f'Assertion failed on job for {unit}.service.')
        return False
    code = execute(unit, 'ExecStart')
    (stub / f'{unit}.status').write_text(str(code))
    if code == 0 and setting(unit, 'Type') == 'notify':
        mark(unit).touch()
    return code == 0


def stop(unit):
    if mark(unit).exists():
        execute(unit, 'ExecStop')
        mark(unit).unlink()
    return True


def restart(unit):
    return stop(unit) and start(unit)


with open(stub / 'systemctl.log', 'a') as log:
    log.write(' '.join(sys.argv[1:]) + '\n')
if verb == 'is-active':
    print('\n'.join('active' if mark(unit).exists() else 'inactive' for unit in units))
elif verb == 'show':
    status = stub / f'{units[0]}.status'
    print(status.read_text() if status.exists() else '0')
elif verb in ('start', 'stop', 'restart', 'try-restart'):
    does = {'start': start, 'stop': stop, 'restart': restart, 'try-restart': lambda unit: restart(unit) if mark(unit).exists() else True}[verb]
    sys.exit(0 if all([does(unit) for unit in units]) else 1)
else:
    sys.exit(f'systemctl {verb}: not known here')
