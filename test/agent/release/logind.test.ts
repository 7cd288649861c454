import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const logind = '/usr/lib/systemd/systemd-logind'
const programs = ['loginctl', 'dbus-daemon', 'unshare']
const lacking = programs.filter((program) => spawnSync(program, ['--version']).status !== 0)
const canUnshare = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status === 0
const why = !existsSync(logind) || lacking.length > 0 || !canUnshare ? 'it needs root, systemd-logind and dbus-daemon' : undefined
if (why) console.log(`sessions are not looked for with a real logind here: ${why}`)

const session = (id: string, type: string, user: string, uid: number): string => `sleep 60 &
cat > /run/systemd/sessions/${id} <<END
UID=${uid}
USER=${user}
ACTIVE=1
STATE=active
REMOTE=0
TYPE=${type}
CLASS=user
LEADER=$!
SCOPE=session-${id}.scope
END
printf 'NAME=%s\\nSTATE=active\\nSTOPPING=no\\nSESSIONS=${id}\\n' ${user} > /run/systemd/users/${uid}
`

/** A logind of its own, over a /run of its own, that finds sessions as after a restart of itself. Nobody starts units for it. */
const script = `
mount -t tmpfs run /run
mkdir -p /run/systemd/system /run/systemd/sessions /run/systemd/users /run/systemd/logind.conf.d /run/dbus
printf '[Login]\\nNAutoVTs=0\\nReserveVT=0\\nHandlePowerKey=ignore\\n' > /run/systemd/logind.conf.d/tierline.conf
${session('c7', 'x11', 'nobody', 65_534)}${session('c8', 'tty', 'daemon', 1)}${session('c9', 'wayland', 'root', 0)}
dbus-daemon --system --nofork --nopidfile >&2 &
until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
${logind} >&2 &
for try in $(seq 100); do
  [ "$(loginctl list-sessions --no-legend 2>&1 | grep -c '^ *c[789] ')" = 3 ] && break
  sleep 0.1
done
exec "$@"
`

it.skipIf(why)('asks a real logind who sits before a desktop, and leaves out who sits at a terminal', { timeout: 60_000 }, () => {
  const apart = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc']
  const desktops = join(import.meta.dirname, '../../support/desktops.ts')
  const ended = spawnSync('unshare', [...apart, 'sh', '-c', script, 'sh', process.execPath, desktops], {
    encoding: 'utf8',
    timeout: 50_000,
  })
  const found: unknown = JSON.parse(ended.stdout)
  expect(found, ended.stderr).toEqual([
    { id: 'c7', user: 'nobody', uid: '65534' },
    { id: 'c9', user: 'root', uid: '0' },
  ])
})
