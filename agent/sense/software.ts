import { maxPackages, type Package, type PackageSource, type Software } from '#shared/domain/software.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Probe } from '../host/probe.ts'
import type { Spool } from '../spool/spool.ts'

/*
 * What is installed. Enters: the databases of package managers, read again only when one of them changed. Leaves: one record in the lane
 * of the inventory when that changed what is in them, to a collector that takes such. dpkg's and apk's are text; rpm's is asked of rpm; on Windows the registry's list of programs.
 * Threat: a database that somebody swelled: so much is read of it, so many packages are told, and what is left out is counted.
 */
export interface SoftwareStock {
  look(): Promise<void>
  /** Whether the collector of this connection takes it. */
  setTaken(isTaken: boolean): void
}

const maxBytes = 16_777_216
/** Of the record's text: it fits a frame with room to spare. */
const maxChars = 200_000
const rpmDatabases = [
  '/usr/lib/sysimage/rpm/rpmdb.sqlite',
  '/var/lib/rpm/rpmdb.sqlite',
  '/var/lib/rpm/Packages.db',
  '/var/lib/rpm/Packages',
]
const files = ['/var/lib/dpkg/status', '/lib/apk/db/installed', ...rpmDatabases]

export function createSoftwareStock(probe: Probe, time: Time, spool: Pick<Spool, 'append'>): SoftwareStock {
  let isTaken = false
  let seen = ''
  let told = ''
  const tell = async (software: Software): Promise<void> => {
    const text = JSON.stringify(software)
    if (text !== told) await spool.append('inventory', { v: 1, type: 'software', at: Math.floor(time.now()), software })
    told = text
  }
  return {
    setTaken(takes) {
      isTaken = takes
    },
    async look() {
      if (!isTaken) return
      if (probe.windows) return tell(bounded([['registry', await probe.windows.software()]]))
      if (probe.platform !== 'linux') return
      const looks = await Promise.all(files.map((path) => probe.look(path)))
      const stamp = JSON.stringify(looks)
      if (stamp === seen) return
      const software = await readSoftware(
        probe,
        files.filter((_, index) => looks[index]),
      )
      await tell(software)
      seen = stamp
    },
  }
}

async function readSoftware(probe: Probe, there: readonly string[]): Promise<Software> {
  const read = async (path: string): Promise<string> => (await probe.read(path, maxBytes))?.toString('utf8') ?? ''
  const found: [PackageSource, Package[]][] = []
  if (there.includes('/var/lib/dpkg/status')) found.push(['dpkg', parseDpkg(await read('/var/lib/dpkg/status'))])
  if (there.includes('/lib/apk/db/installed')) found.push(['apk', parseApk(await read('/lib/apk/db/installed'))])
  if (there.some((path) => rpmDatabases.includes(path))) {
    const said = await probe.vitals.ask('rpm', ['-qa', '--queryformat', '%{NAME}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\n'])
    if (said.kind === 'known') found.push(['rpm', parseRpm(said.value)])
  }
  return bounded(found)
}

/** dpkg(1): paragraphs of `Field: value`; what was removed and left its settings is not installed. */
export function parseDpkg(status: string): Package[] {
  const packages: Package[] = []
  let [name, isInstalled] = ['', false]
  for (const [, field, value = ''] of status.matchAll(/^(Package|Status|Version): (.*)$/gm)) {
    if (field === 'Package') [name, isInstalled] = [value, false]
    else if (field === 'Status') isInstalled = / installed$/.test(value)
    else if (isInstalled) packages.push([name, value])
  }
  return packages
}

/** apk's: a paragraph for each, `P:` its name, `V:` its version. */
export function parseApk(installed: string): Package[] {
  const packages: Package[] = []
  let name = ''
  for (const [, field, value = ''] of installed.matchAll(/^([PV]):(.*)$/gm)) {
    if (field === 'P') name = value
    else packages.push([name, value])
  }
  return packages
}

/** Without the epoch where there is none, as people write it. */
export const parseRpm = (said: string): Package[] =>
  said.split('\n').flatMap((line): Package[] => {
    const [name = '', version = ''] = line.split('\t')
    return version === '' || name === 'gpg-pubkey' ? [] : [[name, version.replace(/^0:/, '')]]
  })

function bounded(found: readonly [PackageSource, Package[]][]): Software {
  let [room, leftOut] = [maxChars, 0]
  let count = maxPackages
  const sources = found.map(([source, packages]) => {
    const kept = inOrder(packages).filter(([name, version]) => {
      room -= JSON.stringify([name, version]).length + 1
      count -= 1
      return room >= 0 && count >= 0
    })
    leftOut += packages.length - kept.length
    return { source, packages: kept }
  })
  return { sources, leftOut }
}

/** Names and versions that are none are told cut; an empty one is nobody's. */
const inOrder = (packages: readonly Package[]): Package[] =>
  packages
    .flatMap(([name, version]): Package[] => (name === '' ? [] : [[name.slice(0, 200), version.slice(0, 100)]]))
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
