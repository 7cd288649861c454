import { minutes, type Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import { type Change, changesBetween } from './compare.ts'
import { cameWithPackages } from './packages.ts'
import { UnitFolders } from './unit-folders.ts'

/** While packages are put in nothing is judged, for so long: whoever holds their lock for ever keeps nobody quiet. */
const heldAtMostMs = minutes(30)

type UnitsProbe = Pick<Probe, 'listNow' | 'lookNow' | 'linkNow' | 'read' | 'list' | 'look' | 'vitals' | 'packageManager'>

/** New and changed services among those of packages, told apart by whether a package brought them. @param root as for `UnitFolders`. */
export async function watchUnits(probe: UnitsProbe, time: Pick<Time, 'monotonic' | 'now'>, root = '') {
  const folders = new UnitFolders(probe, root)
  let before = await folders.take()
  let heldSince: number | undefined
  const isHeld = async (): Promise<boolean> => {
    const manager = await probe.packageManager().catch(() => undefined)
    if (manager?.kind !== 'known' || manager.value === null) return false
    heldSince ??= time.monotonic()
    return time.monotonic() - heldSince < heldAtMostMs
  }
  return {
    async changes(): Promise<{ change: Change; isByPackages: boolean }[]> {
      const after = await folders.take()
      if (after === before) return []
      const changes = changesBetween(before, after)
      if (changes.length > 0 && (await isHeld())) return []
      before = after
      heldSince = undefined
      if (changes.length === 0) return []
      // A link says no time; it is as old as its being noticed.
      const files = changes.map(({ path }) => ({ path, changedAt: probe.lookNow(root + path)?.changedAt ?? time.now() }))
      const came = await cameWithPackages(probe, files)
      return changes.map((change) => ({ change, isByPackages: came.has(change.path) }))
    },
  }
}
