import { version } from 'node:os'
import type { Logger } from 'pino'
import type { Time } from '#shared/domain/time.ts'
import { portableProbe } from '../elsewhere.ts'
import type { Probe, RoleReading } from '../probe.ts'

/** Windows: health and inventory; services, the event log, network counters and memory pressure are said to be unsupported. */
export function windowsProbe({ time }: { time: Time; log: Logger }): Probe {
  return portableProbe('windows', time, role)
}

/** The product's name tells a server from a workstation; which server is a domain controller it doesn't tell. */
async function role(): Promise<RoleReading> {
  const product = version()
  if (/server/i.test(product)) return { role: 'unknown', reasons: [`it runs ${product}`, 'whether it is a domain controller is not known'] }
  return /windows/i.test(product)
    ? { role: 'workstation', reasons: [`it runs ${product}`] }
    : { role: 'unknown', reasons: ['its product name says nothing'] }
}
