#!/bin/sh
# Installs what the tests need and this machine lacks, with apt: servers, a C
# compiler for the race detector, debootstrap for newer servers. It does nothing
# where all is there, and never fails: what stays missing is named, and the tests
# that need it skip, or fail where CI is set.
set -u

packages=
need() { # need PACKAGE UNLESS: installs PACKAGE unless the command succeeds
	sh -c "$2" >/dev/null 2>&1 || packages="$packages $1"
}

PATH=$PATH:/usr/sbin:/sbin
[ -n "${EXPUNGE_TEST_POSTGRES:-}" ] || need postgresql 'command -v initdb || ls /usr/lib/postgresql/*/bin/initdb'
[ -n "${EXPUNGE_TEST_MARIADB:-}" ] || need mariadb-server 'command -v mariadbd'
[ -n "${EXPUNGE_TEST_MYSQL:-}" ] || [ "$(id -u)" != 0 ] || need debootstrap 'command -v debootstrap'
need gcc 'command -v gcc'
need libc6-dev 'echo "#include <stdlib.h>" | gcc -E -'
[ -n "$packages" ] || exit 0

advice() {
	echo "install.sh: $1; missing:$packages" >&2
	echo "install.sh: install them, or set EXPUNGE_TEST_POSTGRES, EXPUNGE_TEST_MARIADB, EXPUNGE_TEST_MYSQL to servers' URLs" >&2
	exit 0
}

command -v apt-get >/dev/null || advice "this machine has no apt-get"
root=
if [ "$(id -u)" != 0 ]; then
	sudo -n true 2>/dev/null || advice "root is needed to install packages"
	root="sudo -n"
fi
echo "install.sh: installing$packages" >&2
# RUNLEVEL=1 keeps the packages from starting servers of their own.
# shellcheck disable=SC2086 # both are lists of words
{
	$root apt-get -qq update &&
		$root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -y --no-install-recommends install $packages
} >&2 || advice "apt-get failed"
