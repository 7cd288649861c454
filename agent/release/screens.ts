import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import type { Host } from '../host/host.ts'

/** How one way of telling went; `missed` says why nobody was reached by it. */
export type Told = { way: string; missed?: string }

const timeoutMs = seconds(5)

/** To every terminal somebody is signed in at. Text goes in by stdin, so none of it is an argument. */
export async function tellTerminals(host: Host, lines: readonly string[]): Promise<Told> {
  const ended = await host.run('wall', [], { stdin: `${lines.join('\n')}\n`, timeoutMs })
  return ended.kind === 'ended' && ended.code === 0 ? { way: 'wall' } : { way: 'wall', missed: whyNot(ended) }
}

/** A file of our own, whole or not there at all; whoever else writes beside it keeps theirs. */
export async function tellByFile(way: string, path: string | undefined, lines: readonly string[]): Promise<Told> {
  if (path === undefined) return { way, missed: 'no folder is named for it' }
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    // Beginning with a dot, so nobody who reads the folder shows half of it.
    const next = `${dirname(path)}/.tierline.next`
    await writeFile(next, `${lines.join('\n')}\n`, { mode: 0o644 })
    await rename(next, path)
    return { way }
  } catch (error) {
    return { way, missed: sentenceOf(error) }
  }
}

export async function takeFileBack(path: string | undefined): Promise<void> {
  if (path !== undefined) await rm(path, { force: true })
}

export interface Session {
  id: string
  user: string
  uid: string
}

const graphical = new Set(['x11', 'wayland', 'mir'])
/** Both become arguments of programs: what could be read as an option is no name. */
const isName = (text: string): boolean => /^[a-z_][a-z0-9_.-]{0,31}$/i.test(text)
const isNumber = (text: string): boolean => /^\d{1,10}$/.test(text)

/** Where somebody sits before a desktop. @returns why that can't be known. */
export async function findDesktops(host: Host): Promise<Session[] | string> {
  const listed = await host.run('loginctl', ['list-sessions', '--no-legend'], { timeoutMs })
  if (listed.kind !== 'ended' || listed.code !== 0) return whyNot(listed)
  const ids = listed.stdout.split('\n').flatMap(
    (line) =>
      line
        .trim()
        .split(/\s+/)[0]
        ?.match(/^[a-z0-9]{1,20}$/i)?.[0] ?? [],
  )
  const found = await Promise.all(ids.slice(0, 20).map((id) => readSession(host, id)))
  return found.flatMap((each) => each ?? [])
}

async function readSession(host: Host, id: string): Promise<Session | undefined> {
  const ended = await host.run('loginctl', ['show-session', id, '-p', 'Type', '-p', 'Name', '-p', 'User'], { timeoutMs })
  if (ended.kind !== 'ended' || ended.code !== 0) return undefined
  const facts = new Map(ended.stdout.split('\n').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]))
  const [user = '', uid = ''] = [facts.get('Name'), facts.get('User')]
  return graphical.has(facts.get('Type') ?? '') && isName(user) && isNumber(uid) ? { id, user, uid } : undefined
}

/** Desktops read a notice's text as markup, links and all; what an order says whom to call is none. Not all of them know entities. */
const withoutMarkup = (text: string): string => text.replaceAll('<', '‹').replaceAll('>', '›').replaceAll('&', '＆')

/** As that user, on that user's own bus. */
export async function tellDesktop(host: Host, { user, uid }: Session, title: string, lines: readonly string[]): Promise<Told> {
  const way = `desktop of ${user}`
  const bus = `DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/${uid}/bus`
  const notify = ['notify-send', '--urgency=critical', '--app-name=Tierline', '--', title, withoutMarkup(lines.join('\n'))]
  const ended = await host.run('runuser', ['-u', user, '--', 'env', bus, ...notify], { timeoutMs })
  return ended.kind === 'ended' && ended.code === 0 ? { way } : { way, missed: whyNot(ended) }
}

function whyNot(ended: Awaited<ReturnType<Host['run']>>): string {
  if (ended.kind === 'missing') return `there is no ${ended.program} here`
  if (ended.kind === 'timed-out') return `${ended.program} did not end in time`
  return ended.stderr.trim().slice(0, 150) || `it ended with ${ended.code}`
}
