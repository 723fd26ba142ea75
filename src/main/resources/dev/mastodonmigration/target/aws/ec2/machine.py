#!/usr/bin/python3 -u
"""Brings Mastodon on this machine to what its migration asks for in Parameter Store, look by look, and reports there how far it is.

What is asked for is a state: whatever was missed while this did not run, or the network was away, is made up for by the next look. Until the first look that succeeds nothing is started.
Nothing that it prints or reports is secret.
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CERTIFICATES = 'MIGRATION_CA_CERTIFICATES'
NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')
REFUSED = 64  # A certain no, which trying again cannot change.
TRIES = 3
WORDS = 500
HEARTBEAT = 60
LONGEST_PAUSE = 15  # So that a Sidekiq that is to stop stops by then, whatever else is wrong.
AGAIN = 10


class NotYet(Exception):
    """Something that the next look may find otherwise, in words for the admin."""


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')


def systemctl(*words):
    ended = run('systemctl', *words)
    if ended.returncode != 0:
        raise NotYet(f"systemctl {' '.join(words)} failed: {ended.stdout.strip()[-WORDS:]}")
    return ended.stdout.strip()


def instance_id():
    """From the metadata service, with a token (IMDSv2)."""
    base = os.environ.get('AWS_EC2_METADATA_SERVICE_ENDPOINT', 'http://169.254.169.254').rstrip('/') + '/latest/'
    try:
        asked = urllib.request.Request(base + 'api/token', method='PUT', headers={'X-aws-ec2-metadata-token-ttl-seconds': '60'})
        token = urllib.request.urlopen(asked, timeout=5).read().decode()
        asked = urllib.request.Request(base + 'meta-data/instance-id', headers={'X-aws-ec2-metadata-token': token})
        return urllib.request.urlopen(asked, timeout=5).read().decode()
    except (urllib.error.URLError, OSError) as silent:
        raise NotYet(f'The metadata service does not say which instance this is: {silent}') from silent


class ParameterStore:
    """Gives up on a call after seconds, because the next look asks again."""

    def __init__(self, config):
        self.root = config['path']
        self.client = boto3.client('ssm', region_name=config['region'], config=Config(connect_timeout=5, read_timeout=config.get('read_timeout', 20), retries={'mode': 'standard', 'total_max_attempts': 3}))

    def desired(self):
        try:
            found = self.client.get_parameter(Name=f'{self.root}/desired')['Parameter']
        except self.client.exceptions.ParameterNotFound as missing:
            raise NotYet(f'The parameter {self.root}/desired does not exist yet. The operator makes it.') from missing
        try:
            desired = json.loads(found['Value'])
            return found['Version'], {key: desired[key] for key in ('epoch', 'revision', 'parts', 'sidekiq', 'once')}
        except (ValueError, KeyError, TypeError) as broken:
            raise NotYet(f'The parameter {self.root}/desired is not what the operator writes there. It writes it anew.') from broken

    def environment(self, revision, parts):
        """All variables, when all their parameters are there."""
        path = f'{self.root}/environment/{revision}'
        pages = self.client.get_paginator('get_parameters_by_path').paginate(Path=path, WithDecryption=True, PaginationConfig={'PageSize': 10})
        found = sorted((parameter['Name'], parameter['Value']) for page in pages for parameter in page['Parameters'])
        if len(found) != parts:
            raise NotYet(f'Of the {parts} parameters of the environment under {path} there are {len(found)}.')
        variables = {}
        for name, value in found:
            try:
                document = json.loads(value)
            except ValueError as broken:
                raise NotYet(f'The parameter {name} is not JSON. Correct it, or have the operator write it anew.') from broken
            for variable, piece in document.items():
                variables[variable] = variables.get(variable, '') + piece
        return variables

    def report(self, instance, report):
        name = f'{self.root}/machines/{instance}'
        try:
            self.client.get_parameter(Name=name)
        except self.client.exceptions.ParameterNotFound as missing:
            # One that the machine made would lack the tags by which it is found again, and removed.
            raise NotYet(f'The parameter {name} does not exist yet. The operator makes it.') from missing
        # Two opening braces would be the name of another parameter.
        self.client.put_parameter(Name=name, Type='String', Overwrite=True, Value=json.dumps(report, ensure_ascii=False).replace('{{', '{ {'))


class Once:
    """One run of a unit to its end, again where its failure may pass."""

    def __init__(self, unit, run_name, config):
        self.unit, self.run_name, self.tries, self.again_at = unit, run_name, 0, 0
        self.directory = pathlib.Path(config['run'], unit)
        self.user = config['user']
        self.state, self.code, self.words, self.process = 'running', 0, '', None

    def look(self):
        if self.state != 'running':
            return
        if self.process is None:
            if time.monotonic() >= self.again_at:
                self.begin()
        elif self.process.poll() is not None:
            self.code = int(systemctl('show', '--property=ExecMainStatus', '--value', self.unit) or 0)
            self.words = self.said() or f'It left no message: journalctl -u {self.unit}'
            if self.process.returncode == 0:
                self.state = 'ended'
            elif self.code == REFUSED or self.tries >= TRIES:
                self.state = 'failed'
            else:
                self.again_at = time.monotonic() + AGAIN * 2 ** self.tries
            self.process = None

    def begin(self):
        self.tries += 1
        self.directory.mkdir(mode=0o700, exist_ok=True)
        os.chown(self.directory, self.user, self.user)
        self.report_file().unlink(missing_ok=True)
        self.process = subprocess.Popen(['systemctl', 'start', self.unit], stdin=subprocess.DEVNULL)

    def report_file(self):
        return self.directory / 'words'

    def said(self):
        return self.report_file().read_text(encoding='utf-8', errors='replace')[:WORDS] if self.report_file().exists() else ''

    def report(self):
        return {'run': self.run_name, 'state': self.state, 'code': self.code, 'words': self.words}

    def restore(self, report):
        if report['state'] != 'running':
            self.state, self.code, self.words = report['state'], report['code'], report['words']


class Machine:
    def __init__(self, config):
        self.config = config
        self.run_directory = pathlib.Path(config['run'])
        self.epoch_file = pathlib.Path(config['state'], 'epoch')
        self.revision_file = self.run_directory / 'revision'
        self.store = ParameterStore(config)
        self.instance = None
        self.once_file = pathlib.Path(config['state'], 'once.json')
        self.once = {}
        self.version = 0
        self.reported, self.reported_at = None, 0

    def epoch(self):
        return int(self.epoch_file.read_text()) if self.epoch_file.exists() else 0

    def revision(self):
        return self.revision_file.read_text() if self.revision_file.exists() else ''

    def look(self):
        """One look and what it asks for. What goes wrong is reported too, where that much is possible."""
        trouble = ''
        try:
            self.instance = self.instance or instance_id()
            self.bring_about()
        except (NotYet, BotoCoreError, ClientError, OSError) as wrong:
            trouble = str(wrong)
        try:
            self.report(trouble)
        except (BotoCoreError, ClientError, NotYet) as wrong:
            trouble = trouble or f'The report cannot be written: {wrong}'
        return trouble

    def bring_about(self):
        version, desired = self.store.desired()
        if desired['epoch'] < self.epoch():
            raise NotYet(f"The parameter {self.store.root}/desired is of epoch {desired['epoch']}, and this machine has seen {self.epoch()}: it is of an operator that was asleep, and is not done.")
        self.write(self.epoch_file, str(desired['epoch']), 0o600)
        works = desired['sidekiq'] == self.instance
        if not works:
            # First: nothing may keep a Sidekiq running that is to stop.
            self.tell('stop', self.config['sidekiq'])
        if desired['revision'] != self.revision():
            self.change_environment(desired['revision'], desired['parts'])
        self.tell('start', self.config['servers'] + (self.config['sidekiq'] if works else []))
        self.run_once(desired['once'])
        self.version = version

    @staticmethod
    def tell(verb, units):
        if units:
            systemctl(verb, *units)

    def change_environment(self, revision, parts):
        variables = self.store.environment(revision, parts)
        certificates = variables.pop(CERTIFICATES, '')
        streaming = {name.removeprefix('streaming/'): value for name, value in variables.items() if name.startswith('streaming/')}
        common = {name: value for name, value in variables.items() if not name.startswith('streaming/')}
        self.write(self.run_directory / 'environment', shell(common), 0o400)
        self.write(self.run_directory / 'environment-streaming', shell({**common, **streaming}), 0o400)
        self.write(self.run_directory / 'ca.pem', certificates, 0o400)
        print(f'The environment is now of revision {revision}: {len(common)} variables. What runs is restarted.')
        self.tell('restart', self.config['servers'])
        self.tell('try-restart', self.config['sidekiq'])
        # Last: a machine that was interrupted before does all of it again.
        self.write(self.revision_file, revision, 0o600)

    def write(self, path, text, mode):
        """Whole or not at all, for the containers' user and root alone."""
        if path.exists() and mode == 0o600 and path.read_text() == text:
            return
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, 'w', encoding='utf-8', newline='') as file:
            file.write(text)
        if mode == 0o400:
            os.chown(name, self.config['user'], self.config['user'])
        os.chmod(name, mode)
        os.replace(name, path)

    def run_once(self, wanted):
        known = json.loads(self.once_file.read_text(encoding='utf-8')) if self.once_file.exists() else {}
        self.once = {unit: once for unit, once in self.once.items() if unit in wanted}
        for unit, run_name in wanted.items():
            if unit in self.config['once']:
                if unit not in self.once or self.once[unit].run_name != run_name:
                    self.once[unit] = Once(unit, run_name, self.config)
                    if known.get(unit, {}).get('run') == run_name:
                        self.once[unit].restore(known[unit])
                self.once[unit].look()
        self.write(self.once_file, json.dumps({unit: once.report() for unit, once in self.once.items()}), 0o600)

    def unit_states(self):
        units = self.config['servers'] + self.config['sidekiq']
        active = [unit for unit, state in zip(units, run('systemctl', 'is-active', *units).stdout.split()) if state == 'active'] if units else []
        states = {unit: 'starting' if unit in active else 'stopped' for unit in units}
        if active:
            health = run('podman', 'inspect', '--format={{.State.Health.Status}}', *active)
            if health.returncode == 0:
                states.update(zip(active, health.stdout.split()))
        return states

    def report(self, trouble):
        if self.instance is None:
            return
        report = {'desired': self.version, 'epoch': self.epoch(), 'revision': self.revision(),
                  'units': self.unit_states(),
                  'once': {unit: once.report() for unit, once in self.once.items()}, 'trouble': trouble[:WORDS]}
        if report != self.reported or time.monotonic() - self.reported_at > HEARTBEAT:
            self.store.report(self.instance, report)
            self.reported, self.reported_at = report, time.monotonic()


def shell(variables):
    """As a shell reads it, which carries every value there is."""
    for name in variables:
        if not NAME.fullmatch(name):
            raise NotYet(f'{name!r} is no name of a variable. Correct it in Parameter Store.')
    return ''.join(f'export {name}={shlex.quote(value)}\n' for name, value in sorted(variables.items()))


def main(config):
    machine, said, pause = Machine(config), '', config['seconds']
    while True:
        trouble = machine.look()
        if trouble and trouble != said:
            print(f'{trouble} It is tried again.')
        if said and not trouble:
            print('That is over.')
        pause = min(pause * 2, LONGEST_PAUSE) if trouble else config['seconds']
        said = trouble
        time.sleep(pause)


if __name__ == '__main__':
    main(json.loads(pathlib.Path(sys.argv[1]).read_text()))
