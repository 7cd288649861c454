import type { Logger } from 'pino'
import type { Time } from '#shared/domain/time.ts'
import { portableProbe } from '../elsewhere.ts'
import type { Probe, RoleReading } from '../probe.ts'

/** macOS: health and inventory; services, the system log, network counters and memory pressure are said to be unsupported. */
export function macosProbe({ time }: { time: Time; log: Logger }): Probe {
  return portableProbe('macos', time, role)
}

/** Apple sells no servers any more; whether somebody uses a Mac as one can't be seen from here. */
async function role(): Promise<RoleReading> {
  return { role: 'workstation', reasons: ['it runs macOS'] }
}
