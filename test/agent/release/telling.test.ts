import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { minutes } from '#shared/domain/time.ts'
import type { RecordBody } from '#shared/protocol/record.ts'
import type { Ended, Host } from '../../../agent/host/host.ts'
import { jsonFile } from '../../../agent/json-file.ts'
import { openTelling, type Telling } from '../../../agent/release/telling.ts'
import { FakeTime } from '../../support/fake-time.ts'

const isolated: IsolationStatus = { actual: 'isolated', readiness: { isReady: true }, since: 0, number: 3, commandId: 'command-0001' }
const open: IsolationStatus = { ...isolated, actual: 'open' }

let folder: string
let time: FakeTime
let spooled: RecordBody[]
let ran: { program: string; args: readonly string[]; stdin: string }[]
/** By session id what loctl says of it. */
let sessions: Record<string, string>
let hasLoginctl: boolean

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-telling-'))
  mkdirSync(join(folder, 'motd.d'))
  writeFileSync(join(folder, 'motd.d/welcome'), 'Welcome to Acme\n')
  time = new FakeTime()
  spooled = []
  ran = []
  sessions = {}
  hasLoginctl = true
})
afterEach(() => rmSync(folder, { recursive: true }))

const said = (stdout = ''): Ended => ({ kind: 'ended', code: 0, stdout, stderr: '' })
const host: Host = {
  run: async (program, args, { stdin = '' }) => {
    ran.push({ program, args, stdin })
    if (program !== 'loginctl') return said()
    if (!hasLoginctl) return { kind: 'missing', program }
    return said(args[0] === 'list-sessions' ? Object.keys(sessions).join('\n') : sessions[args[1] ?? ''])
  },
  inFront: (start) => start(),
  ahead: (start) => start(),
  converse: () => {
    throw new Error('nobody converses here')
  },
}

function start(): Promise<Telling> {
  const places = { folder: join(folder, 'public'), motdFolder: join(folder, 'motd.d') }
  return openTelling({
    ...{ ...places, host, file: jsonFile(join(folder, 'told.json')), time, log: pino({ level: 'silent' }) },
    append: async (_lane, body) => spooled.push(body),
  })
}
const programs = (name: string) => ran.filter(({ program }) => program === name)
const motd = (): string => readFileSync(join(folder, 'motd.d/tierline'), 'utf8')
const desktop = 'Type=wayland\nName=eve\nUser=1000\n'

it('says on every way what happened, why, whom to call and where the code goes; and takes it back', async () => {
  sessions = { c1: desktop, c2: 'Type=tty\nName=root\nUser=0\n' }
  const telling = await start()
  telling.about({ callWhom: ['Service desk 030 1234567'], language: 'de' })
  telling.changed({ ...isolated, actual: 'isolating' })
  telling.changed(isolated)
  await telling.stop()

  for (const word of ['VOM NETZ GETRENNT', 'Anzeichen für einen Angriff', '030 1234567', 'Nummer: 3', 'tierline-agent release CODE']) {
    expect(motd()).toContain(word)
    expect(programs('wall')[0]?.stdin).toContain(word)
    expect(readFileSync(join(folder, 'public/isolated.txt'), 'utf8')).toContain(word)
    expect(programs('runuser')[0]?.args.join(' ')).toContain(word)
  }
  expect(programs('runuser')[0]?.args.slice(0, 5)).toEqual([
    ...['-u', 'eve', '--', 'env', 'DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus'],
  ])
  expect(spooled).toEqual([
    expect.objectContaining({ atMachine: { event: 'told', number: 3, reached: ['motd', 'file', 'wall', 'desktop of eve'], missed: [] } }),
  ])

  telling.changed(open)
  await telling.stop()
  expect(readdirSync(join(folder, 'motd.d'))).toEqual(['welcome'])
  expect(existsSync(join(folder, 'public/isolated.txt'))).toBe(false)
  expect(programs('wall')[1]?.stdin).toContain('wieder am Netz')
})

it('says which ways reached nobody', async () => {
  hasLoginctl = false
  const telling = await start()
  telling.changed(isolated)
  await telling.stop()
  expect(spooled).toEqual([
    expect.objectContaining({ atMachine: expect.objectContaining({ missed: ['desktop: there is no loginctl here'] }) }),
  ])
})

it('tells whoever signs in later, once', async () => {
  const telling = await start()
  telling.changed(isolated)
  await expect.poll(() => spooled.length).toBe(1)
  sessions = { c1: desktop }
  await time.advance(minutes(1))
  await expect.poll(() => programs('runuser').length).toBe(1)
  const looks = programs('loginctl').length
  await time.advance(minutes(1))
  await expect.poll(() => programs('loginctl').length).toBeGreaterThan(looks)
  await telling.stop()
  expect(programs('runuser')).toHaveLength(1)
})

it('puts the files back after a restart, and calls nobody twice', async () => {
  const first = await start()
  first.about({ callWhom: ['Service desk'] })
  first.changed(isolated)
  await first.stop()
  rmSync(join(folder, 'motd.d/tierline'))
  const second = await start()
  second.changed(isolated)
  await second.stop()
  expect(motd()).toContain('Service desk')
  expect(programs('wall')).toHaveLength(1)
  expect(spooled).toHaveLength(1)
})

it('lets no word from elsewhere move the cursor, and no name become an option', async () => {
  sessions = { c1: 'Type=x11\nName=-x\nUser=1000\n', '--evil': desktop, c3: 'Type=x11\nName=eve\nUser=0;id\n' }
  const telling = await start()
  telling.about({ callWhom: ['\u001b[2J\u202eKlaus\nroot 1234', '$(id) `id`'] })
  telling.changed(isolated)
  await telling.stop()
  for (const char of ['\u001b', '\u202e']) expect(motd()).not.toContain(char)
  expect(motd()).toContain('Klaus root 1234 or $(id) `id`')
  expect(programs('runuser')).toEqual([])
})
