import type { Vitals } from '../../host/vitals.ts'

/** Security updates that a machine lacks, as one package manager names them, and when it last looked for any. */
export interface Missing {
  security: string[]
  listsAt: number | null
}

type Asks = Pick<Vitals, 'ask' | 'file' | 'newestBelow'>

/** The first package manager that is here; why none could be asked. Each only reads what it has fetched already. */
export async function askForMissing(vitals: Asks): Promise<Missing | { unsupported: string }> {
  let unsupported = ''
  for (const manager of managers) {
    const printed = await vitals.ask(manager.program, manager.args)
    if (printed.kind === 'known') return { security: manager.namesIn(printed.value), listsAt: await manager.listsAt(vitals) }
    unsupported ||= printed.reason
  }
  return { unsupported }
}

const stampOf =
  (path: string) =>
  async (vitals: Asks): Promise<number | null> => {
    const stamp = await vitals.file(path)
    return stamp ? Math.floor(stamp.changedAt) : null
  }
const newestOf =
  (folder: string) =>
  async (vitals: Asks): Promise<number | null> =>
    (await vitals.newestBelow(folder)) ?? null

const namesBy = (printed: string, expression: RegExp): string[] => [
  ...new Set([...printed.matchAll(expression)].map(([, name = '']) => name.slice(0, 200))),
]

/** "Inst openssl [3.0.1] (3.0.2 Debian-Security:12/stable-security [amd64])": the package, where its source says security. */
export const aptUpdates = (simulated: string): string[] => namesBy(simulated, /^Inst (\S+) .*\(.*security.*\)/gim)

/** dnf 4: "RHSA-2024:1 Important/Sec. openssl-1:3.0.7-25.el9.x86_64"; dnf 5: "… security Important openssl-…  2024-…". Several advisories name one package. */
export const dnfUpdates = (listed: string): string[] =>
  namesBy(listed, /^\S+\s+(?:\S+\/Sec\.|security\s+\S+)\s+(\S+)-[^-\s]+-[^-\s]+(?:\s|$)/gm)

/** One `<update name="openSUSE-2024-1" status="needed" …>` for each patch; attributes stand in any order. */
export const zypperUpdates = (xml: string): string[] =>
  [...xml.matchAll(/<update\s([^<>]{1,4000})>/g)].flatMap(([, attributes = '']) => {
    const name = /(?:^|\s)name="([^"]{1,200})"/.exec(attributes)?.[1]
    return name !== undefined && /(?:^|\s)status="needed"/.test(attributes) ? [name] : []
  })

/** "openssl-3.1.0-r0   < 3.1.4-r1". What a stable release of Alpine gets is mended, so all of it counts. */
export const apkUpdates = (listed: string): string[] => namesBy(listed, /^(\S+)-\d[^-\s]*-r\d+\s+<\s/gm)

const managers = [
  {
    program: 'apt-get',
    args: ['-s', '-q', '-o', 'Debug::NoLocking=true', 'dist-upgrade'],
    ...{ namesIn: aptUpdates, listsAt: stampOf('/var/lib/apt/periodic/update-success-stamp') },
  },
  {
    program: 'dnf',
    args: ['-C', '-q', 'updateinfo', 'list', '--security'],
    ...{ namesIn: dnfUpdates, listsAt: stampOf('/var/cache/dnf/last_makecache') },
  },
  {
    program: 'zypper',
    args: ['--non-interactive', '--no-refresh', '--xmlout', 'list-patches', '--category', 'security'],
    ...{ namesIn: zypperUpdates, listsAt: newestOf('/var/cache/zypp/raw') },
  },
  {
    program: 'apk',
    args: ['--no-network', 'version', '-l', '<'],
    ...{ namesIn: apkUpdates, listsAt: newestOf('/var/cache/apk') },
  },
] as const
