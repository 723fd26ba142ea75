#!/bin/sh
# Installs what Mastodon needs on this machine, and pulls its images, as often as it takes: a machine that is up must not stay empty because the network was not.
set -u
export DEBIAN_FRONTEND=noninteractive

# again <what> <command...>: until it succeeds.
again() {
    what=$1
    pause=5
    shift
    until "$@"; do
        echo "$what failed, for the reason above. The next try is in $pause s." >&2
        sleep "$pause"
        pause=$((pause < 60 ? pause * 2 : 60))
    done
}

packages() {
    dpkg-query -W "$@" >/dev/null 2>&1 && return 0
    apt-get -q -o DPkg::Lock::Timeout=600 -o APT::Update::Error-Mode=any update >/dev/null \
        && apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold install "$@" >/dev/null
}

log_agent() {
    agent=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl
    if [ ! -x "$agent" ]; then
        curl -fsSL --retry 2 -o /run/amazon-cloudwatch-agent.deb "https://amazoncloudwatch-agent.s3.amazonaws.com/ubuntu/$(dpkg --print-architecture)/latest/amazon-cloudwatch-agent.deb" \
            && dpkg -i /run/amazon-cloudwatch-agent.deb >/dev/null || return 1
        rm -f /run/amazon-cloudwatch-agent.deb
    fi
    "$agent" -a fetch-config -m ec2 -s -c file:/etc/mastodon-migration/cloudwatch.json >/dev/null
}

front() {
    mkdir -p /var/cache/nginx && chown www-data: /var/cache/nginx \
        && cp /etc/mastodon-migration/nginx.conf /etc/nginx/nginx.conf && systemctl enable -q nginx && systemctl restart nginx
}

case ${1:-} in
machine)
    # shellcheck disable=SC2086
    again "Installing @PACKAGES@" packages @PACKAGES@
    again "Restarting rsyslog" systemctl restart rsyslog
    for image in @IMAGES@; do
        podman image exists "$image" || again "Pulling $image" podman pull -q "$image"
    done
    if [ -e /etc/mastodon-migration/nginx.conf ]; then
        again "Starting nginx" front
    fi
    ;;
logs)
    again "Installing the CloudWatch agent" log_agent
    ;;
*)
    echo "usage: setup machine | setup logs" >&2
    exit 2
    ;;
esac
