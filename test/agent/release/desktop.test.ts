import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createHost } from '../../../agent/host/host.ts'
import { tellDesktop } from '../../../agent/release/screens.ts'
import { systemTime } from '../../../agent/system-time.ts'

/** Whoever has no desktop of their own; a real session bus is laid where theirs would be. */
const user = 'nobody'
const uid = Number(spawnSync('id', ['-u', user], { encoding: 'utf8' }).stdout)
const folder = `/run/user/${uid}`
const bus = `unix:path=${join(folder, 'bus')}`
const server = readFileSync(join(import.meta.dirname, '../../support/notification-server.py'), 'utf8')

const why = whyNot()
if (why) console.log(`notices on a desktop are not tried with a real session bus here: ${why}`)

function whyNot(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs root on Linux'
  if (!(uid > 0) || existsSync(folder)) return `${folder} is somebody’s`
  const lacking = ['dbus-daemon', 'notify-send', 'runuser'].filter((program) => spawnSync(program, ['--version']).error)
  if (lacking.length > 0) return `there is no ${lacking.join(', no ')}`
  const hasLibraries = spawnSync('/usr/bin/python3', ['-c', 'import dbus, gi']).status === 0
  return hasLibraries ? undefined : 'Python has no dbus and no gi (packages python3-dbus, python3-gi)'
}

describe.skipIf(why)('a notice on a desktop, by the session bus of who sits there', () => {
  const children: { child: ChildProcess; ended: Promise<unknown> }[] = []
  const shown: unknown[] = []

  function asUser(...command: string[]): ChildProcess {
    const child = spawn('runuser', ['-u', user, '--', 'env', `DBUS_SESSION_BUS_ADDRESS=${bus}`, ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    children.push({ child, ended: once(child, 'exit') })
    return child
  }

  /** With all that it started, as far as it hasn't ended. */
  function end({ pid, exitCode, signalCode }: ChildProcess): void {
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
  }

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o700)
    chownSync(folder, uid, uid)
    asUser('dbus-daemon', '--session', `--address=${bus}`, '--nofork')
    await vi.waitFor(() => expect(existsSync(join(folder, 'bus'))).toBe(true), { timeout: 10_000 })
    const desktop = asUser('/usr/bin/python3', '-c', server)
    if (!desktop.stdout) throw new Error('no pipe')
    const lines = createInterface({ input: desktop.stdout })
    await once(lines, 'line')
    lines.on('line', (line) => shown.push(JSON.parse(line)))
  })
  afterAll(async () => {
    for (const { child } of children) end(child)
    await Promise.all(children.map(({ ended }) => ended))
    rmSync(folder, { recursive: true, force: true })
  })

  const tell = (lines: readonly string[]) =>
    tellDesktop(createHost(systemTime), { id: 'c1', user, uid: String(uid) }, 'This computer is cut off', lines)

  it('is shown there, as one that stays until somebody has read it', async () => {
    expect(await tell(['Call: Service desk', 'Tell them this number: 3'])).toEqual({ way: `desktop of ${user}` })
    const body = 'Call: Service desk\nTell them this number: 3'
    await expect
      .poll(() => shown, { timeout: 10_000 })
      .toEqual([{ app: 'Tierline', summary: 'This computer is cut off', body, urgency: 2 }])
  })

  it('holds no markup, whatever an order says whom to call', async () => {
    await tell(['Call: <a href="https://evil.example">Klaus</a> & <b>co</b>'])
    const body = 'Call: ‹a href="https://evil.example"›Klaus‹/a› ＆ ‹b›co‹/b›'
    await expect.poll(() => shown.at(-1), { timeout: 10_000 }).toMatchObject({ body })
  })

  it('says who was not reached where nobody listens on the bus', async () => {
    const [, desktop] = children
    if (desktop) end(desktop.child)
    await expect.poll(async () => (await tell(['x'])).missed, { timeout: 10_000 }).toContain('org.freedesktop')
  })
})
