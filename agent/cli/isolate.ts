import { platform } from 'node:os'
import { pino } from 'pino'
import { Fault } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import { createHost } from '../host/host.ts'
import { hasIdentity } from '../identity/files.ts'
import { openIdentity } from '../identity/identity.ts'
import { drill } from '../isolate/drill.ts'
import { firewallFor } from '../isolate/isolate.ts'
import { findObstacle } from '../isolate/obstacles.ts'
import { findWitnesses } from '../isolate/witnesses.ts'
import type { Verb } from '../main.ts'
import { platformOf } from '../platform.ts'
import { systemTime } from '../system-time.ts'

const forMs = seconds(60)

const verb: Verb = {
  summary: 'with --drill: isolates this machine for 60 s, says what was proven, and opens it again, whatever happens meanwhile',
  async run({ dataDir, isDrill, isolation }) {
    if (!isDrill) throw new Fault('drill-only', 'A machine is isolated from the console; here it can be tried: `isolate --drill`.')
    if (!isolation.isAllowed)
      throw new Fault(
        'isolation-off',
        `Not isolated: isolation is ${isolation.reason ?? 'off'} on this machine; allow it there, then try it.`,
      )
    if (!hasIdentity(dataDir))
      throw new Fault('not-enrolled', `This agent is not enrolled (${dataDir}), so it knows no collector to let through.`)
    const [host, time] = [createHost(systemTime), systemTime]
    const firewall = firewallFor(platformOf(platform()), host, time)
    if (!firewall) throw new Fault('no-firewall', 'Isolation is not built for this operating system yet.')
    const identity = await openIdentity({ dataDir, time, log: pino({ level: 'silent' }) })
    const collectorAddresses = () => identity.addresses.resolve()
    const whyNot = () => findObstacle({ host, collectorAddresses })
    const about = { firewall, collectorAddresses, ca: identity.ca, findPlaces: findWitnesses, whyNot, time, forMs }
    const drilled = await drill({ ...about, say: (line) => void process.stdout.write(`${line}\n`) })
    await identity.stop()
    if (drilled.kind === 'refused') throw new Fault('drill-refused', `Not isolated: ${drilled.reason}.`)
    if (drilled.verdict !== 'proven') throw new Fault('drill-unproven', `An isolation here would be: ${drilled.verdict}.`)
  },
}
export default verb
