import { dirname } from 'node:path'
import { minutes } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'

const lists = '/var/lib/dpkg/info'
/** Unpacking, and what runs after it, are done by then. */
const togetherMs = minutes(15)
const maxListBytes = 2_097_152
const bite = 20

/**
 * Whether a package that was put in about then holds this file: that somebody's package has a file of this name excuses no power that it
 * got later. Read only when there is something to say. Where packages are rpm's, nobody knows.
 */
export async function cameWithPackage(probe: Pick<Probe, 'list' | 'look' | 'read'>, path: string, changedAt: number): Promise<boolean> {
  const names = (await probe.list(lists).catch(() => undefined))?.names ?? []
  // /usr/bin/x is listed as /bin/x by packages from before the two became one.
  const wanted = new Set([path, path.replace(/^\/usr\/(?=s?bin\/|lib)/, '/')])
  let looked = 0
  for (const name of names.filter((each) => each.endsWith('.list'))) {
    looked += 1
    if (looked % bite === 0) await new Promise(setImmediate)
    const look = await probe.look(`${lists}/${name}`).catch(() => undefined)
    if (!look || Math.abs(look.changedAt - changedAt) > togetherMs) continue
    const text = (await probe.read(`${lists}/${name}`, maxListBytes).catch(() => undefined))?.toString('utf8') ?? ''
    if (text.includes(dirname(path)) && text.split('\n').some((line) => wanted.has(line))) return true
  }
  return false
}
