import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isBelow } from '#shared/domain/far-folders.ts'
import type { Probe } from '../../host/probe.ts'
import { farFoldersNow } from './reach.ts'
import { whereItLeads } from './resolve.ts'

/*
 * Where on this machine (Linux) the data of people lies, by facts: their homes, what is shared (Samba, NFS), /srv. What lies on another
 * machine is that machine's to guard, and asking there may hang; folders of the system are nobody's data.
 */
const maxGrounds = 20
const maxBytes = 1_048_576
const systems = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/proc',
  '/run',
  '/sbin',
  '/sys',
  '/tmp',
  '/usr',
  '/var/tmp',
  '/var/log',
  '/var/cache',
]

/**
 * As they are without links, each once.
 * @param isWanted asked by the name that was read, and by where it leads.
 * @param root where the machine's tree begins; tests have one of their own.
 */
export async function groundsOf(
  probe: Pick<Probe, 'read' | 'vitals'>,
  isWanted: (path: string) => boolean = () => true,
  root = '',
): Promise<string[]> {
  const read = async (path: string): Promise<string> =>
    (await probe.read(join(root, path), maxBytes).catch(() => undefined))?.toString('utf8') ?? ''
  const [passwd, samba, exported] = await Promise.all(['/etc/passwd', '/etc/samba/smb.conf', '/etc/exports'].map(read))
  const far = await farFoldersNow(probe)
  const named = [...homesIn(passwd ?? ''), ...sharesIn(samba ?? ''), ...exportsIn(exported ?? ''), '/srv']
  const found = new Set<string>()
  for (const path of new Set(named.map((each) => each.replace(/\/+$/, '')))) {
    if (!isPeoples(path, far) || !isWanted(join(root, path))) continue
    const place = await whereItLeads(join(root, path), far)
    if (place === undefined || !isPeoples(place.slice(root.length), far) || !isWanted(place)) continue
    if ((await foldersIn(place)) !== undefined) found.add(place)
  }
  return [...found].slice(0, maxGrounds)
}

function isPeoples(path: string, far: readonly string[]): boolean {
  const isTop = dirname(path) === path || ['/var', '/home', '/root'].includes(path)
  const isPlain = path.startsWith('/') && !/(?:^|\/)\.\.?(?:\/|$)/.test(path)
  return isPlain && !isTop && ![...systems, ...far].some((each) => isBelow(path, each))
}

/** Names of the folders in a folder that people see, sorted; links are none. Undefined where there is no such folder. */
export async function foldersIn(path: string): Promise<string[] | undefined> {
  const entries: Dirent[] | undefined = await readdir(path, { withFileTypes: true }).catch(() => undefined)
  return entries
    ?.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'lost+found')
    .map(({ name }) => name)
    .sort()
}

/** Of people, as distributions number them. */
const homesIn = (passwd: string): string[] =>
  passwd
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , id = '']) => Number(id) >= 1_000 && Number(id) < 65_534)
    .map(([, , , , , home = '']) => home)

/** What stands for a user or a client can't be known here. */
const sharesIn = (samba: string): string[] =>
  [...samba.matchAll(/^[ \t]*(?:path|directory)[ \t]*=[ \t]*"?(\/[^"\n%]*?)"?[ \t]*$/gim)].map(([, path = '']) => path)

const exportsIn = (exported: string): string[] =>
  [...exported.matchAll(/^(?:"(\/[^"\n]+)"|(\/\S+))/gm)].map(([, quoted, plain]) => quoted ?? plain ?? '')
