import { join } from 'node:path'
import { pino } from 'pino'
import { seconds } from '#shared/domain/time.ts'
import { openSpool } from '../../../agent/spool/spool.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { sampleAt, seeded } from '../../swarm/readings.ts'

/** Room for a million samples of two disks and two networks; an agent that keeps its bound would have dropped the oldest. */
export const spoolMaxBytes = 2_147_483_648
const samplesPerRecord = 6
const sampleEveryMs = seconds(10)
const appendedAtOnce = 500

/** Spools so many samples, as an agent does it that was offline: six to a record, one every ten seconds, the last one now. */
export async function fillSpool(dataDir: string, samples: number, endpointId: string): Promise<void> {
  const options = { dir: join(dataDir, 'spool'), maxBytes: spoolMaxBytes, endpointId, time: systemTime, log: pino({ level: 'silent' }) }
  const spool = await openSpool(options)
  const random = seeded(1)
  const from = Date.now() - samples * sampleEveryMs
  const record = (index: number) => {
    const taken = Array.from({ length: samplesPerRecord }, (_, place) =>
      sampleAt(from + (index * samplesPerRecord + place) * sampleEveryMs, random),
    )
    return spool.append('samples', { v: 1, type: 'samples', samples: taken })
  }
  const records = Math.ceil(samples / samplesPerRecord)
  for (let done = 0; done < records; done += appendedAtOnce) {
    await Promise.all(Array.from({ length: Math.min(appendedAtOnce, records - done) }, (_, index) => record(done + index)))
  }
  await spool.close()
}
