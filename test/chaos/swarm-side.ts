import { join } from 'node:path'
import { enrolAll } from '../swarm/members.ts'
import { issuePasses } from '../swarm/passes.ts'
import { type Clock, openClock } from './clock.ts'
import type { CollectorSide } from './collector-side.ts'
import type { Site } from './machines.ts'
import type { Way } from './proxy.ts'
import { Side } from './side.ts'
import type { SwarmOrder } from './swarm-process.ts'

/** Many agents in one process, killed and stopped together, on one way. */
export interface SwarmSide {
  side: Side
  clock: Clock
  members: readonly { name: string; endpointId: string; historyFile: string }[]
}

export const swarmName = 's1'

/** Makes `count` endpoints known to the running collector. */
export async function openSwarm(site: Site, collector: CollectorSide, way: Way, count: number, rate: number): Promise<SwarmSide> {
  const { folder } = site
  const { ca, passes } = await issuePasses(collector.dataDir, count)
  const storeUrl = collector.database === 'sqlite' ? `sqlite:${join(collector.dataDir, 'tierline.db')}` : collector.database
  await enrolAll(storeUrl, passes, Date.now())
  const members = passes.map((pass, index) => {
    const name = `${swarmName}.${index + 1}`
    return { name, pass, endpointId: pass.endpointId, historyFile: join(folder, `${name}.history`) }
  })
  const order: SwarmOrder = { folder: join(folder, swarmName), collector: `https://127.0.0.1:${way.port}`, ca, members, rate }
  const clock = openClock(join(folder, `${swarmName}.clock`), site.faketime)
  const script = join(import.meta.dirname, 'swarm-process.ts')
  const program = () => ({ file: process.execPath, args: [script, JSON.stringify(order)], env: clock.env })
  return { side: new Side(swarmName, join(folder, `${swarmName}.log`), program), clock, members }
}
