import { createHash } from 'node:crypto'
import { minutes, type Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import { cameWithPackages } from './packages.ts'

/** While packages are put in nothing of theirs is judged, for so long: whoever holds their lock for ever keeps nobody quiet. */
const heldAtMostMs = minutes(30)

/** Whether packages are being put in: what they write is whole, and known as theirs, only when they are. */
export function packageWork(probe: Pick<Probe, 'packageManager'>, time: Pick<Time, 'monotonic'>) {
  let since: number | undefined
  return {
    async isUnderWay(): Promise<boolean> {
      const manager = await probe.packageManager().catch(() => undefined)
      if (manager?.kind !== 'known' || manager.value === null) return false
      since ??= time.monotonic()
      return time.monotonic() - since < heldAtMostMs
    },
    over(): void {
      since = undefined
    },
  }
}

const status = '/var/lib/dpkg/status'
const maxStatusBytes = 33_554_432
const maxBytes = 4_194_304

/**
 * Which of these settings are as a package brought them: dpkg keeps the MD5 of each (Debian Policy 10.7), so what was added to one is
 * nobody's; rpm is asked when the package that holds it was put in.
 */
export async function settingsOfPackages(
  probe: Pick<Probe, 'list' | 'look' | 'read' | 'vitals'>,
  paths: readonly string[],
  root = '',
): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set()
  const text = (await probe.read(root + status, maxStatusBytes).catch(() => undefined))?.toString('utf8')
  if (text === undefined) return cameWithPackages(probe, await Promise.all(paths.map((path) => changedAt(probe, path))))
  const theirs = new Set<string>()
  for (const path of paths) {
    const bytes = await probe.read(root + path, maxBytes).catch(() => undefined)
    if (bytes && text.includes(`\n ${path} ${createHash('md5').update(bytes).digest('hex')}`)) theirs.add(path)
  }
  return theirs
}

const changedAt = async (probe: Pick<Probe, 'look'>, path: string) => ({
  path,
  changedAt: (await probe.look(path).catch(() => undefined))?.changedAt ?? 0,
})
