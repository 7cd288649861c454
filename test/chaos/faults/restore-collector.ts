import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { backUp, restore } from '../backup.ts'
import type { CollectorSide } from '../collector-side.ts'
import { defineFault, mostlyShort } from '../fault.ts'
import { addLines } from '../history.ts'

export default defineFault({
  says: 'the collector is backed up; a while later it is killed, restored from that backup into a new folder, and started',
  befalls: 'collector',
  facet: 'process',
  weight: 2,
  lasts: (random, longestMs) => mostlyShort(random, 1_000, longestMs),
  befall: ({ collector, folder, historyFiles }, { forMs }) =>
    collector.side.alone(async () => {
      await collector.isUp()
      const backup = await backUp(collector, folder)
      await sleep(forMs)
      await collector.side.kill()
      const before = await storedIn(collector)
      const left = collector.dataDir
      await restore(collector, backup)
      const after = await storedIn(collector)
      for (const file of historyFiles()) addLines(file, [{ what: 'restored' }])
      rmSync(left, { recursive: true })
      collector.side.start()
      return `it forgot ${before - after} signals`
    }),
})

/** Only for the telling; a database may be away just now. */
const storedIn = async (collector: CollectorSide): Promise<number> =>
  Number((await collector.rows('select count(*) as count from signals').catch(() => []))[0]?.count)
