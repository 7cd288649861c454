import { hours } from '#shared/domain/time.ts'
import type { Vitals } from '../../host/vitals.ts'
import type { Finding } from '../../signal/signal.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'
import { type Drive, readDrive, troublesOf } from '../disk/smart.ts'

/*
 * health.disk.failing, from what the drive says of itself (smartctl -a -j), hourly: high when it says that it fails, warns
 * (NVMe), has lost data, or its spare is below what its maker allows. The community's rules ("S.M.A.R.T Device
 * Monitoring") do the same; left out are two of theirs. Temperature above 60 °C is a warning there and a lower sign here,
 * from 65 °C and low, because NVMe drives work at 60 by design; a link slower than the greatest is a cable or a choice of
 * the board and would be a ticket nobody can close. A drive in standby is left asleep (-n standby).
 */
export default defineHealth({
  name: 'disk-smart',
  platforms: ['linux'],
  every: hours(1),
  isExpensive: true,
  runbook: 'Make sure that the backup is good, then have the drive replaced: model, serial number and device stand in the facts.',
  start: {} as Record<string, Finding[]>,
  async read({ vitals }): Promise<Drives | Unsupported> {
    const disks = await wholeDisks(vitals)
    if (disks.length === 0) return { unsupported: 'no drive of its own can be seen here' }
    const answers = await Promise.all(disks.map((disk) => vitals.ask('smartctl', ['-n', 'standby', '-a', '-j', `/dev/${disk}`])))
    const lacking = answers.find((answer) => answer.kind === 'unsupported')
    if (lacking?.kind === 'unsupported') return { unsupported: lacking.reason }
    const texts = answers.map((answer) => (answer.kind === 'known' ? answer.value : ''))
    const asleep = disks.filter((_, index) => /STANDBY|SLEEP/.test(texts[index] ?? '')).map((disk) => `/dev/${disk}`)
    return { drives: texts.flatMap(readDrive), asleep }
  },
  decide(known, { drives, asleep }, { limits }) {
    const awake = drives.map((drive): [string, Finding[]] => [drive.device, troublesOf(drive, limits)])
    const state = Object.fromEntries([...asleep.map((device): [string, Finding[]] => [device, known[device] ?? []]), ...awake])
    const isAnyUnknown = asleep.some((device) => known[device] === undefined)
    return { state, findings: isAnyUnknown ? undefined : Object.values(state).flat() }
  },
})

interface Drives {
  drives: Drive[]
  /** Devices that were left asleep: what was known of them goes on being true. */
  asleep: string[]
}

/** Real ones: virtual disks have no SMART, and smartctl would say so for each every hour. */
const wholeDisks = async (vitals: Vitals): Promise<string[]> =>
  (await vitals.names('/sys/block')).filter((name) => /^(sd[a-z]+|nvme\d+n\d+)$/.test(name)).slice(0, 64)
