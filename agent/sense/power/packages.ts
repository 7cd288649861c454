import { minutes } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'

const lists = '/var/lib/dpkg/info'
/** Unpacking, and what runs after it, are done by then. */
const togetherMs = minutes(15)
const maxListBytes = 2_097_152
const bite = 20
/** Of more files than this at once the rest is said as if by nobody's package. */
const maxAsked = 300

export interface Changed {
  path: string
  /** Epoch ms. */
  changedAt: number
}

type PackageProbe = Pick<Probe, 'list' | 'look' | 'read' | 'vitals'>

/**
 * Which of these files a package holds that was put in about when they changed: that somebody's package has a file of this name excuses no
 * power that it got later. Read only when there is something to say; rpm is asked where packages are its.
 */
export async function cameWithPackages(probe: PackageProbe, files: readonly Changed[]): Promise<ReadonlySet<string>> {
  const names = (await probe.list(lists).catch(() => undefined))?.names ?? []
  return names.length > 0 ? cameWithDpkg(probe, files, names) : cameWithRpm(probe, files)
}

async function cameWithDpkg(probe: PackageProbe, files: readonly Changed[], names: readonly string[]): Promise<ReadonlySet<string>> {
  const came = new Set<string>()
  let looked = 0
  for (const name of names.filter((each) => each.endsWith('.list'))) {
    looked += 1
    if (looked % bite === 0) await new Promise(setImmediate)
    const look = await probe.look(`${lists}/${name}`).catch(() => undefined)
    const meant = look ? files.filter(({ changedAt }) => Math.abs(look.changedAt - changedAt) <= togetherMs) : []
    if (meant.length === 0) continue
    const text = (await probe.read(`${lists}/${name}`, maxListBytes).catch(() => undefined))?.toString('utf8') ?? ''
    const held = new Set(text.split('\n'))
    for (const { path } of meant) if (namesOf(path).some((each) => held.has(each))) came.add(path)
  }
  return came
}

/** /usr/bin/x is listed as /bin/x by packages from before the two became one, and seen as either. */
const namesOf = (path: string): string[] => [
  path,
  path.replace(/^\/usr\/(?=s?bin\/|lib)/, '/'),
  path.replace(/^\/(?=s?bin\/|lib)/, '/usr/'),
]

/** rpm says for each when its package was put in, in seconds; of a file that is nobody's it says so in words. */
async function cameWithRpm({ vitals }: PackageProbe, files: readonly Changed[]): Promise<ReadonlySet<string>> {
  const came = new Set<string>()
  for (const { path, changedAt } of files.slice(0, maxAsked)) {
    const shown = await vitals.ask('rpm', ['-qf', '--qf', '%{INSTALLTIME}\\n', path])
    if (shown.kind === 'unsupported') break
    const times = [...shown.value.matchAll(/^(\d{9,11})$/gm)].map(([, at]) => Number(at) * 1_000)
    if (times.some((at) => Math.abs(at - changedAt) <= togetherMs)) came.add(path)
  }
  return came
}

export const cameWithPackage = async (probe: PackageProbe, path: string, changedAt: number): Promise<boolean> =>
  (await cameWithPackages(probe, [{ path, changedAt }])).has(path)
