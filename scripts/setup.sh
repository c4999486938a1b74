# Sourced by the scripts beside it: brings the checkout to where its command line runs. Talks on standard error only.
# Needs $root, the checkout. Stamps live in node_modules/ and dist/, so that removing either sets it up anew.

# What runs by itself: commands, what scripts/run shows, what the daemon starts in processes and threads of their own, and the
# package string-width, in whose place stands what loads it when it is needed.
entries=(
  zban=src/cli/main.ts try=src/cli/try/main.ts src/daemon/config-process.ts
  src/record/thread/record-worker.ts src/workers/parse-worker.ts src/workers/traffic-worker.ts src/cli/wide-text.ts
)

# True when dist/ is newer than everything it is made of. One process: it runs before every command.
build_stands() {
  [ -e "$root/dist/.built" ] && [ -z "$(find "$root/src" "$root/package.json" "$root/tsconfig.json" "$root/scripts/setup.sh" \
    "$root/node_modules/.installed" -newer "$root/dist/.built" -print -quit)" ]
}

# The same, and node_modules is what package-lock.json says.
set_up_stands() {
  [ -x "$root/node_modules/.bin/node" ] && [ ! "$root/package-lock.json" -nt "$root/node_modules/.installed" ] && build_stands
}

install_packages() {
  local installed="$root/node_modules/.installed"
  if [ -x "$root/node_modules/.bin/node" ] && cmp -s "$root/package-lock.json" "$installed"; then
    [ ! "$root/package-lock.json" -nt "$installed" ] || cp "$root/package-lock.json" "$installed"
    return
  fi
  command -v npm >/dev/null || {
    echo 'zban: npm is needed to set up: install Node.js and npm (Debian, Ubuntu: apt-get install npm)' >&2
    return 1
  }
  echo 'zban: installing the packages of package-lock.json …' >&2
  # The host's Node may be older than what the packages want: they run on the pinned one, so its warnings mislead.
  # Not `npm ci`: it refuses a lockfile without the tools' packages for other systems, which not every registry has.
  # Versions and hashes come from the lockfile all the same.
  (cd "$root" && npm install --no-save --include=dev --include=optional --no-progress --loglevel=error </dev/null >&2) || {
    echo "zban: npm install failed in $root" >&2
    return 1
  }
  [ -x "$root/node_modules/.bin/node" ] || {
    echo "zban: no Node.js runtime for $(uname -sm): zban runs on Linux, x64 or arm64" >&2
    return 1
  }
  cp "$root/package-lock.json" "$installed"
}

# Builds beside dist/ and swaps, so that a failed build leaves the last good one in place.
# A file for each entry, and chunks of what several of them, or a later import, need: to load hundreds of modules takes longer than
# all else at a start. Packages are built in, but for the dependencies of package.json, which stay in node_modules: they bring a
# binary, find their files by their own path, or are CommonJS and imported later, of which esbuild hands on no names.
build() {
  if build_stands; then return; fi
  echo 'zban: building …' >&2
  local folder next="$root/.setup/dist"
  rm -rf "$next"
  mkdir -p "$next"
  # Stamped with the time before the sources are read, so that an edit meanwhile is built by the next call.
  touch "$next/.built"
  # yaml calls `require`, which modules do not have. Every chunk has it, so it is made when it is called.
  (cd "$root" && PATH="$root/node_modules/.bin:$PATH" esbuild "${entries[@]}" --outdir="$next" --entry-names='[name]' \
    --alias:string-width=./src/cli/string-width.ts \
    --bundle --splitting --format=esm --platform=node --target=node24 --log-level=warning \
    --external:better-sqlite3 --external:piscina --external:@redis/client --external:@slack/webhook --external:prom-client \
    --banner:js='import { createRequire as $createRequire } from "node:module"; const require = (name) => $createRequire(import.meta.url)(name);' >&2) || {
    echo "zban: the build failed in $root" >&2
    return 1
  }
  # What is not TypeScript, such as the dashboard's scripts: from a folder of src, as from dist/, by the same relative path.
  for folder in "$root"/src/*/; do
    (cd "$folder" && find . -type f ! -name '*.ts' -exec cp --parents -t "$next" {} +)
  done
  rm -rf "$root/dist"
  mv "$next" "$root/dist"
}

# Runs a command as the user that owns the checkout.
as_owner() {
  local uid gid home become groups=--init-groups
  read -r uid gid <<<"$(stat -c '%u %g' "$root")"
  getent passwd "$uid" >/dev/null || groups=--clear-groups
  become=(setpriv --reuid "$uid" --regid "$gid" "$groups")
  # npm keeps its cache there; accounts of services have a home that is not theirs, or none.
  home=$(getent passwd "$uid" | cut -d: -f6)
  "${become[@]}" test -w "${home:-/nonexistent}" || home="$root/.setup"
  HOME=$home "${become[@]}" "$@"
}

# Says what this user cannot replace, such as what an older `sudo` left behind; npm and the build would only say EACCES.
check_writable() {
  local path
  for path in "$root" "$root/node_modules" "$root/dist" "$root/.setup"; do
    [ ! -e "$path" ] || [ -w "$path" ] || {
      echo "zban: $(id -un) cannot write $path, and it has to be built: sudo chown -R $(id -un): $root" >&2
      return 1
    }
  done
}

# One set-up at a time: parallel calls wait for the first and find everything done. As root it is done by the checkout's
# owner: npm and the build need no more, and would leave files behind that the owner cannot replace.
set_up() {
  if set_up_stands; then return; fi
  if [ "$EUID" -eq 0 ] && [ ! -O "$root" ]; then
    # shellcheck disable=SC2016
    as_owner bash -c 'set -euo pipefail; root=$1; . "$root/scripts/setup.sh"; set_up' zban "$root"
    return
  fi
  check_writable || return
  local status=0
  exec 9<"$root/package.json"
  flock 9
  { install_packages && build; } 9<&- || status=$?
  exec 9<&-
  return "$status"
}
