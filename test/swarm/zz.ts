import { cpuMs, rssMiB } from '../bench/ingest/process-figures.ts'
import { enrolAll } from './members.ts'
import { MemorySpool } from './memory-spool.ts'
import { startOwnCollector } from './own-collector.ts'
import { issuePasses } from './passes.ts'
import { pause, startSwarm } from './swarm.ts'

const N = Number(process.argv[2] ?? 1000)
const collector = await startOwnCollector(process.argv.slice(3))
let t = performance.now()
const { ca, passes } = await issuePasses(collector.dataDir, N)
console.log('issued', performance.now() - t)
t = performance.now()
await enrolAll(collector.storeUrl, passes, Date.now())
console.log('enrolled', performance.now() - t)
t = performance.now()
const before = { rss: rssMiB(collector.pid()), cpu: cpuMs(collector.pid()), own: cpuMs(process.pid) }
const swarm = await startSwarm({
  collector: collector.agentsUrl,
  ca,
  passes,
  rampMs: N * 3,
  sampleEveryMs: 10_000,
  samplesPerRecord: 6,
  signalsPerSecond: 0,
  seed: 1,
  openSpool: async () => new MemorySpool(),
})
const look = (what: string) =>
  console.log(
    what,
    Math.round(performance.now() - t),
    swarm.connected(),
    'frames',
    swarm.frames(),
    'unack',
    swarm.unacknowledged(),
    'rss',
    rssMiB(collector.pid()) - before.rss,
    'cpu',
    cpuMs(collector.pid()) - before.cpu,
    'own cpu',
    cpuMs(process.pid) - before.own,
    'own rss',
    rssMiB(process.pid),
  )
const timer = setInterval(() => look('…'), 5000)
await swarm.untilConnected(N, 300_000)
look('all')
await pause(10_000)
const c0 = cpuMs(collector.pid()),
  t0 = performance.now()
await pause(60_000)
console.log('cpu share', (cpuMs(collector.pid()) - c0) / (performance.now() - t0))
look('after')
clearInterval(timer)
t = performance.now()
await swarm.stop()
console.log('stopped', performance.now() - t)
console.log(collector.complaints().slice(0, 5))
await collector.stop()
process.exit(0)
