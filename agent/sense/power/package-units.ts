import type { Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import { type Change, changesBetween } from './compare.ts'
import { packageWork } from './package-work.ts'
import { cameWithPackages } from './packages.ts'
import { UnitFolders } from './unit-folders.ts'

type UnitsProbe = Pick<Probe, 'listNow' | 'lookNow' | 'linkNow' | 'read' | 'list' | 'look' | 'vitals' | 'packageManager'>

/** New and changed services among those of packages, told apart by whether a package brought them. @param root as for `UnitFolders`. */
export async function watchUnits(probe: UnitsProbe, time: Pick<Time, 'monotonic' | 'now'>, root = '') {
  const folders = new UnitFolders(probe, root)
  let before = await folders.take()
  const work = packageWork(probe, time)
  return {
    async changes(): Promise<{ change: Change; isByPackages: boolean }[]> {
      const after = await folders.take()
      if (after === before) return []
      const changes = changesBetween(before, after)
      if (changes.length > 0 && (await work.isUnderWay())) return []
      before = after
      work.over()
      if (changes.length === 0) return []
      // A link says no time; it is as old as its being noticed.
      const files = changes.map(({ path }) => ({ path, changedAt: probe.lookNow(root + path)?.changedAt ?? time.now() }))
      const came = await cameWithPackages(probe, files)
      return changes.map((change) => ({ change, isByPackages: came.has(change.path) }))
    },
  }
}
