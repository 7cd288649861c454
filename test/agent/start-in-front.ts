import { spawnSync } from 'node:child_process'
import { getPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHost } from '../../agent/host/host.ts'
import { systemTime } from '../../agent/system-time.ts'

/** Says where its programs stand, and what they leave behind. */
const host = createHost(systemTime)
const saysPlace = (more: { isBehind?: boolean }) => host.run('nice', [], { timeoutMs: 10_000, ...more })
const placeIn = (ended: Awaited<ReturnType<typeof saysPlace>>): number => (ended.kind === 'ended' ? Number.parseInt(ended.stdout, 10) : -1)

const ordered = placeIn(await saysPlace({}))
const behind = placeIn(await saysPlace({ isBehind: true }))
const service = await host.run('sh', ['-c', 'sleep 20 >/dev/null 2>&1 & echo $!'], { timeoutMs: 10_000 })
const pid = placeIn(service)
await sleep(50)
const left = getPriority(pid)
process.kill(pid)
const ahead = Number(host.ahead(() => spawnSync('nice', { encoding: 'utf8' })).stdout)
console.log(JSON.stringify({ ordered, behind, left, ahead, itself: getPriority() }))
